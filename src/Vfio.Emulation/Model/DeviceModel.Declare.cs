using Vfio.Pci;

namespace Vfio.Emulation;

// What the constructor of a derived class declares: BARs, ROM, capabilities, registers, timers.
public abstract partial class DeviceModel
{
    /// <summary>Adds a BAR whose registers are implemented by handlers. For use in the constructor only.</summary>
    /// <param name="index">The index of the BAR; a 64-bit one also uses the next.</param>
    /// <param name="length">A power of two: 16 bytes to 2 GiB (with 64 bits: 64 TiB), or 4 to 256 I/O ports.</param>
    /// <param name="read">Handles reads.</param>
    /// <param name="write">Handles writes.</param>
    /// <param name="kind">The kind of BAR.</param>
    /// <returns>The BAR, to which memory can be added.</returns>
    /// <exception cref="ArgumentException">The index or length is invalid, or the BAR already exists.</exception>
    /// <exception cref="InvalidOperationException">The device model was already opened.</exception>
    protected ModelBar AddBar(
        RegionIndex index,
        ulong length,
        RegisterReadHandler read,
        RegisterWriteHandler write,
        BarKind kind = BarKind.Memory32)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(write);
        CheckDeclaring();
        ModelBar bar = new(this, index, length, kind, read, write);
        bool isTaken = _bars[(int)index] is not null || (bar.Is64Bit && _bars[(int)index + 1] is not null)
            || (index > RegionIndex.Bar0 && _bars[(int)index - 1] is { Is64Bit: true });
        if (isTaken)
        {
            throw new ArgumentException($"{index} is already in use", nameof(index));
        }

        _layout.Add(bar);
        _bars[(int)index] = bar;
        return bar;
    }

    /// <summary>Adds a BAR that consists entirely of memory. It can only be called in the constructor.</summary>
    /// <param name="index">The index of the BAR; a 64-bit one also uses the next.</param>
    /// <param name="length">The length in bytes, a power of two. A driver can map it if it is at least a page.</param>
    /// <param name="kind">The kind of memory.</param>
    /// <returns>The memory, as the model sees it.</returns>
    /// <inheritdoc cref="AddBar"/>
    protected ModelMemory AddMemoryBar(RegionIndex index, ulong length, BarKind kind = BarKind.Memory32)
    {
        if (kind == BarKind.IoPorts)
        {
            throw new ArgumentException("a BAR with I/O ports cannot contain memory", nameof(kind));
        }

        ModelMemory memory = AddBar(index, length, static (_, _) => 0, static (_, _, _) => { }, kind)
            .AddMemory(0, length);
        return memory;
    }

    /// <summary>Adds an expansion ROM. It can only be called in the constructor.</summary>
    /// <param name="content">The content; 1 byte to 16 MiB. The length of the region is the next power of two; the rest
    /// is filled with ones.</param>
    /// <exception cref="ArgumentException">The content is empty or too long.</exception>
    /// <exception cref="InvalidOperationException">The device model was opened, or already has a ROM.</exception>
    protected void AddRom(ReadOnlySpan<byte> content)
    {
        CheckDeclaring();
        if (Rom is not null)
        {
            throw new InvalidOperationException("the device model already has a ROM");
        }

        Rom = new RomImage(content);
        _layout.Add(Rom);
    }

    /// <summary>Adds a capability. For use in the constructor only, after adding the BARs that it names.</summary>
    /// <typeparam name="T">The type of the capability.</typeparam>
    /// <param name="capability">The capability.</param>
    /// <returns>The capability.</returns>
    /// <exception cref="ArgumentException">The capability does not fit at its offset, was already added, or names a BAR
    /// that does not exist.</exception>
    /// <exception cref="InvalidOperationException">The device model was already opened.</exception>
    protected T AddCapability<T>(T capability)
        where T : ModelCapability
    {
        ArgumentNullException.ThrowIfNull(capability);
        CheckDeclaring();
        bool mayRepeat = capability is VendorSpecificCapability or RawCapability or RawExtendedCapability;
        if (capability.Start >= 0
            || (!mayRepeat && _capabilities.Exists(other => other.GetType() == capability.GetType())))
        {
            throw new ArgumentException("a device model can only have one such capability", nameof(capability));
        }

        ModelBar? msixBar = null;
        if (capability is MsixCapability msix)
        {
            msixBar = msix.Bar is >= RegionIndex.Bar0 and <= RegionIndex.Bar5 ? _bars[(int)msix.Bar] : null;
            if (msixBar is null or { IsIo: true })
            {
                throw new ArgumentException(
                    $"{msix.Bar} is not a memory BAR of the device model: add it with AddBar before the capability",
                    nameof(capability));
            }

            Interrupts.Add(msix, msixBar);
        }

        _layout.Add(capability);
        _capabilities.Add(capability);
        _power ??= capability as PowerManagementCapability;
        if (capability is MsiCapability msi)
        {
            Interrupts.Add(msi);
        }

        return capability;
    }

    /// <summary>Adds device-specific registers to configuration space. For use in the constructor only.</summary>
    /// <param name="offset">The offset, at least 40h.</param>
    /// <param name="values">Their values at power-on.</param>
    /// <param name="writable">The mask of the bits that a driver may write, byte by byte; by default, none.</param>
    /// <param name="isSticky">Whether they keep their values across resets.</param>
    /// <exception cref="ArgumentException">The registers are outside configuration space, overlap something else, or
    /// the mask has more bytes than there are.</exception>
    /// <exception cref="InvalidOperationException">The device model was already opened.</exception>
    protected void AddConfigRegisters(
        int offset, ReadOnlySpan<byte> values, ReadOnlySpan<byte> writable = default, bool isSticky = false)
    {
        CheckDeclaring();
        (byte[] bytes, byte[] mask) = RawCapability.Check(
            values, writable, most: Config.Length - ModelConfigSpace.HeaderLength);
        _layout.Take(offset, bytes.Length);
        for (int i = 0; i < bytes.Length; i++)
        {
            Config.Declare(offset + i, 1, bytes[i], mask[i], isKept: isSticky);
            if (isSticky)
            {
                _sticky.Add(offset + i);
            }
        }
    }

    /// <summary>Creates a timer that uses the model's clock.</summary>
    /// <param name="callback">The action when the timer expires, which is called under the model's lock.</param>
    /// <returns>The timer, stopped; the device model disposes it.</returns>
    protected ModelTimer CreateTimer(Action callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        ModelTimer timer = new(this, callback);
        lock (Sync)
        {
            _timers.Add(timer);
        }

        return timer;
    }
}
