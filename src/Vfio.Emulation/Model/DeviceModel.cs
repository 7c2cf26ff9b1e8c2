using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// A PCI device in software. A class derived from this one declares in its constructor what the device is and has, and answers a
/// driver's accesses in handlers; <see cref="Open()"/> then gives it to a driver like any other device.
/// </summary>
/// <remarks>
/// <para>
/// What a driver sees is what vfio-pci would show it of such a device: the same configuration space, errors, reset. Two things
/// differ. A mapping of memory stays memory while the device does not decode or sleeps (with vfio-pci it reads ones, <see cref="VfioDevice.GetState"/>); and
/// the MSI-X table can be seen through trapped accesses too.
/// </para>
/// <para>
/// Handlers, timers and <see cref="OnReset"/> are called under the model's lock, one at a time, whatever the driver's threads do: a
/// model's author need not think about threads. A model that has threads of its own does its work in <see cref="Run"/>.
/// </para>
/// <para>The test that makes a model owns and disposes it; disposal of an open model is a removal.</para>
/// </remarks>
/// <example>
/// <code>
/// public sealed class Doubler : DeviceModel
/// {
///     private uint _value;
///
///     public Doubler()
///         : base("doubler", new PciIdentity(0x1234, 0x0001)) =>
///         AddBar(RegionIndex.Bar0, 4096, (offset, width) => offset == 0 ? 2 * _value : 0, (offset, width, value) => _value = (uint)value);
///
///     protected override void OnReset() => _value = 0;
/// }
/// </code>
/// </example>
public abstract partial class DeviceModel : IDisposable
{
    private readonly ModelBar?[] _bars = new ModelBar?[6];
    private readonly List<ModelCapability> _capabilities = [];
    private readonly List<ModelMemory> _memories = [];
    private readonly List<ModelTimer> _timers = [];
    private readonly List<int> _sticky = [];
    private readonly ConfigLayout _layout;
    private PowerManagementCapability? _power;
    private Exception? _timerFailure;

    /// <summary>Makes a model that has nothing but a configuration header yet.</summary>
    /// <param name="name">Its name in messages: <c>edu</c>.</param>
    /// <param name="identity">What it says it is.</param>
    /// <param name="clock">The clock its timers run by: a <see cref="ModelClock"/> that a test advances; the system's unless given.</param>
    protected DeviceModel(string name, PciIdentity identity, TimeProvider? clock = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(identity);
        Name = name;
        Identity = identity;
        Clock = clock ?? TimeProvider.System;
        Config = new ModelConfigSpace(this);
        Interrupts = new ModelInterrupts(this);
        Memory = new ClientMemory(this);
        Faults = new ModelFaults(this);
        _layout = new ConfigLayout(Config, identity);
    }

    /// <summary>The model's name in messages; <see cref="VfioDevice.Name"/> tells it.</summary>
    public string Name { get; }

    /// <summary>What it says it is.</summary>
    public PciIdentity Identity { get; }

    /// <summary>The address that <see cref="VfioDevice.Address"/> returns; <see langword="null"/> by default.</summary>
    public PciAddress? Address { get; init; }

    /// <summary>
    /// Whether VFIO can reset the device; so unless told. Where not, its registers stay as they are from one open to the next.
    /// </summary>
    public bool CanReset { get; init; } = true;

    /// <summary>The clock its timers run by.</summary>
    public TimeProvider Clock { get; }

    /// <summary>Its configuration space, as the device itself changes it.</summary>
    public ModelConfigSpace Config { get; }

    /// <summary>Its interrupts.</summary>
    public ModelInterrupts Interrupts { get; }

    /// <summary>The driver's memory, for DMA.</summary>
    public ClientMemory Memory { get; }

    /// <summary>What goes wrong with it, for tests of drivers.</summary>
    public ModelFaults Faults { get; }

    /// <summary>Whether it was removed (<see cref="ModelFaults.Remove"/>) or disposed: reads give all ones, writes go nowhere.</summary>
    public bool IsRemoved { get; private set; }

    /// <summary>Whether a driver has it open.</summary>
    public bool IsOpen => Session is not null;

    internal Lock Sync { get; } = new();

    internal ModelSession? Session { get; private set; }

    internal RomImage? Rom { get; private set; }

    /// <summary>Opens the device in this process, as a driver does. The kernel's way: a reset first, and another when it is closed.</summary>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="VfioException">The model is open already: one driver at a time (EBUSY); or it was removed (ENODEV).</exception>
    public VfioDevice Open()
    {
        ModelAddressSpace backend = new();
        backend.Owner = new IoAddressSpace(backend, new SystemCalls());
        return Open(backend.Owner, backend);
    }

    /// <summary>Opens the device into an address space that exists: its devices access the same memory at the same addresses.</summary>
    /// <param name="addressSpace">Another model's <see cref="VfioDevice.AddressSpace"/>, or one made by <see cref="IoAddressSpace.Create"/>.</param>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The address space is one of the host's devices.</exception>
    /// <exception cref="ObjectDisposedException">The address space has ended.</exception>
    /// <exception cref="VfioException">The model is open already: one driver at a time (EBUSY); or it was removed (ENODEV).</exception>
    public VfioDevice Open(IoAddressSpace addressSpace)
    {
        ArgumentNullException.ThrowIfNull(addressSpace);
        // Of two first devices, the second finds the backend of the first.
        lock (addressSpace.FirstOpen)
        {
            if (addressSpace.Backend is null)
            {
                ModelAddressSpace first = new() { Owner = addressSpace };
                addressSpace.Adopt(first);
                return Open(addressSpace, first);
            }
        }

        return addressSpace.Backend is ModelAddressSpace models
            ? Open(addressSpace, models)
            : throw new ArgumentException("the address space is a host device's: a model cannot join it", nameof(addressSpace));
    }

    private VfioDevice Open(IoAddressSpace addressSpace, ModelAddressSpace models)
    {
        // Until the device has joined, or has not: an address space without devices gives up the backend that was to be its first.
        addressSpace.Reserve();
        try
        {
            return VfioDevice.Join(new InProcessBackend(OpenSession(new EventFdClient(), models.Table)), Address, Name, addressSpace);
        }
        finally
        {
            addressSpace.Leave(wasAdmitted: false, closeDevice: null);
        }
    }

    /// <summary>Removes the device, takes back its memory and stops its timers. More than once is harmless.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of what the model owns.</summary>
    /// <param name="disposing">Always <see langword="true"/>: models have no finalizer.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            RemoveNow();
            lock (Sync)
            {
                _timers.ForEach(timer => timer.Dispose());
                _memories.ForEach(memory => memory.Shared.Dispose());
            }
        }
    }

    /// <summary>Adds a BAR with registers behind handlers. In the constructor only.</summary>
    /// <param name="index">Which BAR; a 64-bit one takes the next, too.</param>
    /// <param name="length">Bytes; a power of two: 16 to 2 GiB of memory (64 TiB with 64 bits), 4 to 256 I/O ports.</param>
    /// <param name="read">Answers reads.</param>
    /// <param name="write">Takes writes.</param>
    /// <param name="kind">What kind of BAR.</param>
    /// <returns>The BAR, to add memory to.</returns>
    /// <exception cref="ArgumentException">No such BAR or length, or the BAR is there already.</exception>
    /// <exception cref="InvalidOperationException">The model has been opened already.</exception>
    protected ModelBar AddBar(
        RegionIndex index, ulong length, RegisterReadHandler read, RegisterWriteHandler write, BarKind kind = BarKind.Memory32)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(write);
        CheckDeclaring();
        ModelBar bar = new(this, index, length, kind, read, write);
        bool isTaken = _bars[(int)index] is not null || (bar.Is64Bit && _bars[(int)index + 1] is not null)
            || (index > RegionIndex.Bar0 && _bars[(int)index - 1] is { Is64Bit: true });
        if (isTaken)
        {
            throw new ArgumentException($"{index} is taken already", nameof(index));
        }

        _layout.Add(bar);
        _bars[(int)index] = bar;
        return bar;
    }

    /// <summary>Adds a BAR that is memory from end to end. In the constructor only.</summary>
    /// <param name="index">Which BAR; a 64-bit one takes the next, too.</param>
    /// <param name="length">Bytes; a power of two. A driver maps it where it is at least a page.</param>
    /// <param name="kind">What kind of memory.</param>
    /// <returns>The memory, as the model sees it.</returns>
    /// <inheritdoc cref="AddBar"/>
    protected ModelMemory AddMemoryBar(RegionIndex index, ulong length, BarKind kind = BarKind.Memory32)
    {
        if (kind == BarKind.IoPorts)
        {
            throw new ArgumentException("I/O ports are no memory", nameof(kind));
        }

        ModelMemory memory = AddBar(index, length, static (_, _) => 0, static (_, _, _) => { }, kind).AddMemory(0, length);
        return memory;
    }

    /// <summary>Adds an expansion ROM. In the constructor only.</summary>
    /// <param name="content">Its content; 1 byte to 16 MiB. The region is as long as the next power of two, ones behind the content.</param>
    /// <exception cref="ArgumentException">No content, or too much of it.</exception>
    /// <exception cref="InvalidOperationException">The model has been opened already, or has a ROM already.</exception>
    protected void AddRom(ReadOnlySpan<byte> content)
    {
        CheckDeclaring();
        if (Rom is not null)
        {
            throw new InvalidOperationException("the model has a ROM already");
        }

        Rom = new RomImage(content);
        _layout.Add(Rom);
    }

    /// <summary>Adds a capability to the chain. In the constructor only, after the BARs it names.</summary>
    /// <typeparam name="T">Which capability.</typeparam>
    /// <param name="capability">The capability.</param>
    /// <returns>The same.</returns>
    /// <exception cref="ArgumentException">It does not fit where it is to lie, is there already, or names what the model does not have.</exception>
    /// <exception cref="InvalidOperationException">The model has been opened already.</exception>
    protected T AddCapability<T>(T capability)
        where T : ModelCapability
    {
        ArgumentNullException.ThrowIfNull(capability);
        CheckDeclaring();
        bool mayRepeat = capability is VendorSpecificCapability or RawCapability or RawExtendedCapability;
        if (capability.Start >= 0 || (!mayRepeat && _capabilities.Exists(other => other.GetType() == capability.GetType())))
        {
            throw new ArgumentException("a model has one such capability", nameof(capability));
        }

        ModelBar? msixBar = null;
        if (capability is MsixCapability msix)
        {
            msixBar = msix.Bar is >= RegionIndex.Bar0 and <= RegionIndex.Bar5 ? _bars[(int)msix.Bar] : null;
            if (msixBar is null or { IsIo: true })
            {
                throw new ArgumentException($"{msix.Bar} is no memory BAR of the model", nameof(capability));
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

    /// <summary>Adds registers of the device's own to configuration space, outside of any capability. In the constructor only.</summary>
    /// <param name="offset">Where they lie: from 40h on.</param>
    /// <param name="values">Their values at power-on.</param>
    /// <param name="writable">Which bits a driver may write, byte for byte; none unless given.</param>
    /// <param name="isSticky">Whether they keep their values over resets.</param>
    /// <exception cref="ArgumentException">Outside configuration space, over something else, or masks for more bytes than there are.</exception>
    /// <exception cref="InvalidOperationException">The model has been opened already.</exception>
    protected void AddConfigRegisters(int offset, ReadOnlySpan<byte> values, ReadOnlySpan<byte> writable = default, bool isSticky = false)
    {
        CheckDeclaring();
        (byte[] bytes, byte[] mask) = RawCapability.Check(values, writable, most: Config.Length - ModelConfigSpace.HeaderLength);
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

    /// <summary>Makes a timer of the model's clock.</summary>
    /// <param name="callback">What to do when it is up, under the model's lock.</param>
    /// <returns>The timer, stopped; the model disposes it.</returns>
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

    /// <summary>
    /// Puts the device's registers to their values after a reset; called at each open, close and reset (where
    /// <see cref="CanReset"/> is <see langword="false"/>, at the first open alone). Interrupts are down already; timers the model
    /// stops itself, where a reset stops them.
    /// </summary>
    protected virtual void OnReset()
    {
    }

    /// <summary>A driver has written configuration space, in registers of the device's own or a capability that the library gives no meaning.</summary>
    /// <param name="offset">Bytes from the start; the new values can be read in <see cref="Config"/>.</param>
    /// <param name="width">1, 2 or 4 bytes.</param>
    protected virtual void OnConfigWritten(int offset, int width)
    {
    }

    /// <summary>Does something as a handler would, under the model's lock: for a model's own threads.</summary>
    /// <param name="action">What to do.</param>
    protected void Run(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        lock (Sync)
        {
            action();
        }
    }
}
