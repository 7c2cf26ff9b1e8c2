using System.Runtime.CompilerServices;
using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Represents one region of a device (a BAR, configuration space, the ROM), whose registers can be read and written.
/// </summary>
/// <remarks>
/// <para>An access is one aligned load or store of the stated width, little-endian; it is never split, merged or
/// repeated. There is one exception: an 8-byte access through the file descriptor consists of two 4-byte accesses, low
/// half first, in configuration space and on kernels whose vfio-pci does not support 8-byte accesses.</para>
/// <para>The caller owns the region and disposes it; disposing the device also disposes it. Thread-safe. After disposal
/// each access throws <see cref="ObjectDisposedException"/>. An access that races with the disposal either reaches the
/// device, reads all ones (a write has no effect), or throws that exception; it never ends the process.</para>
/// <para>If the device does not answer (memory decoding off, in reset, suspended, removed), a mapped read returns all
/// ones and a mapped write has no effect, and <see cref="VfioDevice.GetState"/> reports it. An access through the file
/// descriptor, or of a region opened with <see cref="RegionAccess.Checked"/>, throws.</para>
/// <para>Mapped accesses are not ordered with accesses to ordinary memory beyond acquire (reads) and release
/// (writes).</para>
/// </remarks>
public sealed unsafe partial class Region : IDisposable
{
    private readonly IDeviceBackend _backend;
    private readonly Action<Region> _disposed;
    private readonly MappedMemory[] _mappings;
    private readonly MappingGuard[] _guards;
    private readonly Window[] _otherWindows;
    private readonly byte* _base;
    private AccessBounds _bounds;
    private volatile bool _isDisposed;

    internal Region(
        IDeviceBackend backend,
        RegionInfo info,
        RegionAccess access,
        Action<Region> disposed,
        string? deviceName = null,
        RegionGuard? guard = null)
    {
        _backend = backend;
        _disposed = disposed;
        _deviceName = deviceName ?? backend.Name;
        _isChecked = access == RegionAccess.Checked;
        Info = info;
        // A region that can only be read or only be written is accessed through the descriptor: a store to a read-only
        // mapping would end the process.
        bool map = access != RegionAccess.Trapped && info.CanRead && info.CanWrite;
        Window[] windows = map ? Map(backend, info, guard ?? new RegionGuard()) : [];
        _mappings = [.. windows.Select(window => window.Memory)];
        _guards = [.. windows.Select(window => window.Guard).OfType<MappingGuard>()];
        IsGuarded = Array.TrueForAll(windows, window => window.Guard is not null || !window.Memory.MayStopAnswering);
        IsMapped = windows.Length == 1 && windows[0].Start == 0 && windows[0].Length == info.Length;

        // Nearly every region has one window, which is all of it or starts at offset 0. The bounds of that window are
        // fields of this object, so that an access needs one comparison with one of them. All other windows are in an
        // array. A checked region has all its windows there, so that its accesses take the slow path.
        bool startsAtZero = windows.Length != 0 && windows[0].Start == 0 && !_isChecked;
        if (startsAtZero)
        {
            _base = windows[0].Base;
            _bounds.Set(windows[0].Length);
        }

        _otherWindows = startsAtZero ? windows[1..] : windows;
    }

    /// <summary>Gets what the kernel reports about the region.</summary>
    public RegionInfo Info { get; }

    /// <summary>Gets the index of the region.</summary>
    public RegionIndex Index => Info.Index;

    /// <summary>Gets the length in bytes; never 0.</summary>
    public ulong Length => Info.Length;

    /// <summary>Gets whether the whole region is mapped; if not, some or all accesses are system calls.</summary>
    public bool IsMapped { get; }

    /// <summary>
    /// Gets whether no access can end the process: the mapped parts are guarded against a device that does not answer.
    /// <see langword="false"/> only if the device was opened with <see cref="VfioOpenOptions.AllowUnguarded"/> on a
    /// processor that the guard does not support.
    /// </summary>
    public bool IsGuarded { get; }

    /// <summary>Reads a register of 1 byte.</summary>
    /// <param name="offset">The offset in bytes.</param>
    /// <returns>The register's value.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The access is not within the region.</exception>
    /// <exception cref="NotSupportedException">The region cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The region or its device was disposed.</exception>
    /// <exception cref="VfioException">
    /// The device does not answer; only for accesses through the file descriptor and checked ones.
    /// </exception>
    public byte ReadByte(ulong offset) => Read<byte>(offset);

    /// <summary>Reads a register of 2 bytes.</summary>
    /// <param name="offset">The offset in bytes; a multiple of 2.</param>
    /// <inheritdoc cref="ReadByte"/>
    /// <exception cref="ArgumentException"><paramref name="offset"/> is not aligned to the width.</exception>
    public ushort ReadUInt16(ulong offset) => Read<ushort>(offset);

    /// <summary>Reads a register of 4 bytes.</summary>
    /// <param name="offset">The offset in bytes; a multiple of 4.</param>
    /// <inheritdoc cref="ReadUInt16"/>
    public uint ReadUInt32(ulong offset) => Read<uint>(offset);

    /// <summary>Reads a register of 8 bytes.</summary>
    /// <param name="offset">The offset in bytes; a multiple of 8.</param>
    /// <inheritdoc cref="ReadUInt16"/>
    public ulong ReadUInt64(ulong offset) => Read<ulong>(offset);

    /// <summary>Writes a register of 1 byte.</summary>
    /// <param name="offset">The offset in bytes.</param>
    /// <param name="value">The value to write.</param>
    /// <exception cref="ArgumentOutOfRangeException">The access is not within the region.</exception>
    /// <exception cref="NotSupportedException">The region cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The region or its device was disposed.</exception>
    /// <exception cref="VfioException">
    /// The device does not answer; only for accesses through the file descriptor and checked ones.
    /// </exception>
    public void WriteByte(ulong offset, byte value) => Write(offset, value);

    /// <summary>Writes a register of 2 bytes.</summary>
    /// <param name="offset">The offset in bytes; a multiple of 2.</param>
    /// <param name="value">The value to write.</param>
    /// <inheritdoc cref="WriteByte"/>
    /// <exception cref="ArgumentException"><paramref name="offset"/> is not aligned to the width.</exception>
    public void WriteUInt16(ulong offset, ushort value) => Write(offset, value);

    /// <summary>Writes a register of 4 bytes.</summary>
    /// <param name="offset">The offset in bytes; a multiple of 4.</param>
    /// <param name="value">The value to write.</param>
    /// <inheritdoc cref="WriteUInt16"/>
    public void WriteUInt32(ulong offset, uint value) => Write(offset, value);

    /// <summary>Writes a register of 8 bytes.</summary>
    /// <param name="offset">The offset in bytes; a multiple of 8.</param>
    /// <param name="value">The value to write.</param>
    /// <inheritdoc cref="WriteUInt16"/>
    public void WriteUInt64(ulong offset, ulong value) => Write(offset, value);

    /// <summary>
    /// Ends the region: its mappings are replaced immediately by memory of all ones, and their address range is freed
    /// when nothing refers to this object any more. Other devices that accessed it
    /// (<see cref="IoAddressSpace.Map(Region, ulong, ulong, DmaAccess, Iova?, string?, string, int)"/>) cannot any
    /// more. Thread-safe. Never throws, and can be called more than once.
    /// </summary>
    public void Dispose()
    {
        Action[] loans;
        lock (_loans)
        {
            _isDisposed = true;
            loans = [.. _loans];
            _loans.Clear();
        }

        Disposal.Quietly([.. loans, Revoke]);
    }

    private void Revoke()
    {
        _bounds.Set(0);
        foreach (MappedMemory mapping in _mappings)
        {
            mapping.Revoke();
        }

        _disposed(this);
    }

    /// <summary>Reads a register of the width of <typeparamref name="T"/>.</summary>
    /// <typeparam name="T">
    /// An integer, an enum, or a struct over one integer, of 1, 2, 4 or 8 bytes.
    /// </typeparam>
    /// <param name="offset">The offset in bytes; a multiple of the width.</param>
    /// <inheritdoc cref="ReadUInt16"/>
    // A mapped access executes only this, so it is written with a view to the code that the compiler generates:
    // benchmarks/disassembly checks it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Read<T>(ulong offset)
        where T : unmanaged
    {
        if (!_bounds.Contain<T>(offset))
        {
            return ReadElsewhere<T>(offset);
        }

        T value = Mmio.Read<T>(_base + offset);
        GC.KeepAlive(this);
        return value;
    }

    /// <summary>Writes a register of the width of <typeparamref name="T"/>.</summary>
    /// <typeparam name="T">
    /// An integer, an enum, or a struct over one integer, of 1, 2, 4 or 8 bytes.
    /// </typeparam>
    /// <param name="offset">The offset in bytes; a multiple of the width.</param>
    /// <param name="value">The value to write.</param>
    /// <inheritdoc cref="WriteUInt16"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write<T>(ulong offset, T value)
        where T : unmanaged
    {
        if (!_bounds.Contain<T>(offset))
        {
            WriteElsewhere(offset, value);
            return;
        }

        Mmio.Write(_base + offset, value);
        GC.KeepAlive(this);
    }

    // Accesses another window or uses the file descriptor, or throws the reason why neither is possible.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private T ReadElsewhere<T>(ulong offset)
        where T : unmanaged
    {
        Check(offset, sizeof(T), Info.CanRead, "read");
        byte* address = FindWindow(offset, sizeof(T));
        if (address != null)
        {
            T value = Mmio.Read<T>(address);
            ThrowIfUnanswered("read", offset, IsAllOnes(value));
            GC.KeepAlive(this);
            return value;
        }

        byte* bytes = stackalloc byte[sizeof(ulong)];
        _backend.ReadRegion(Info, offset, new Span<byte>(bytes, sizeof(T)));
        T read = Mmio.Read<T>(bytes);
        ThrowIfUnanswered("read", offset, IsAllOnes(read));
        return read;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WriteElsewhere<T>(ulong offset, T value)
        where T : unmanaged
    {
        Check(offset, sizeof(T), Info.CanWrite, "written");
        byte* address = FindWindow(offset, sizeof(T));
        if (address != null)
        {
            Mmio.Write(address, value);
            ThrowIfUnanswered("write", offset, mayBeLost: false);
            GC.KeepAlive(this);
            return;
        }

        byte* bytes = stackalloc byte[sizeof(ulong)];
        Mmio.Write(bytes, value);
        _backend.WriteRegion(Info, offset, new ReadOnlySpan<byte>(bytes, sizeof(T)));
    }

    // What a device that does not answer reads as.
    private static bool IsAllOnes<T>(T value)
        where T : unmanaged => !new ReadOnlySpan<byte>(&value, sizeof(T)).ContainsAnyExcept(byte.MaxValue);

    private void Check(ulong offset, int width, bool allowed, string verb)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        CheckWidth(width);
        CheckPlace(offset, width, allowed, verb);
    }

    private static void CheckWidth(int width)
    {
        if (width is not (1 or 2 or 4 or 8))
        {
            ThrowWidth(width);
        }
    }

    private void CheckPlace(ulong offset, int width, bool allowed, string verb, bool isEmpty = false)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!allowed)
        {
            throw new NotSupportedException($"{Index.Describe()} cannot be {verb}");
        }

        uint least = isEmpty ? 0 : (uint)width;
        if (Length < least || offset > Length - least)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset),
                $"0x{offset:x} is outside {Index.Describe()}, which is 0x{Length:x} bytes long ({width}-byte access)");
        }

        if (offset % (uint)width != 0)
        {
            throw new ArgumentException(
                $"0x{offset:x} is not aligned to the access width of {width} bytes", nameof(offset));
        }
    }
}
