using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// Represents a PCI device written in software. A derived class declares in its constructor what the device is and has,
/// and handles the accesses of a driver; <see cref="Open()"/> then opens it for a driver like any other device.
/// </summary>
/// <remarks>
/// <para>
/// A driver sees what vfio-pci would show it for such a device: the same configuration space, errors and resets. Two
/// things differ. A mapping of memory remains memory while the device does not decode or is suspended (with vfio-pci it
/// reads as all ones, <see cref="VfioDevice.GetState"/>). And trapped accesses show the content of the MSI-X table.
/// </para>
/// <para>
/// Handlers, timers and <see cref="OnReset"/> are called under the model's lock, one at a time, whatever the driver's
/// threads do, so the author of a device model need not consider threads. A device model with its own threads does its
/// work in <see cref="Run"/>.
/// </para>
/// <para>The test that creates a device model owns and disposes it. Disposing an open one removes the device.</para>
/// </remarks>
/// <example>
/// <code>
/// public sealed class Doubler : DeviceModel
/// {
///     private uint _value;
///
///     public Doubler()
///         : base("doubler", new PciIdentity(0x1234, 0x0001)) =>
///         AddBar(
///             RegionIndex.Bar0,
///             4096,
///             (offset, width) => offset == 0 ? 2 * _value : 0,
///             (offset, width, value) => _value = (uint)value);
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

    /// <summary>Creates a device model that only has a configuration header.</summary>
    /// <param name="name">The name in messages: <c>edu</c>.</param>
    /// <param name="identity">The identity of the device.</param>
    /// <param name="clock">The clock of its timers, for example a <see cref="ModelClock"/> that a test advances; by
    /// default, the system's clock.</param>
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

    /// <summary>Gets the name of the device model in messages, which is also <see cref="VfioDevice.Name"/>.</summary>
    public string Name { get; }

    /// <summary>Gets the identity of the device.</summary>
    public PciIdentity Identity { get; }

    /// <summary>The address that <see cref="VfioDevice.Address"/> returns; <see langword="null"/> by default.</summary>
    public PciAddress? Address { get; init; }

    /// <summary>Gets whether VFIO can reset the device; <see langword="true"/> by default. If not, its registers keep
    /// their values from one open to the next.</summary>
    public bool CanReset { get; init; } = true;

    /// <summary>Gets the clock of its timers.</summary>
    public TimeProvider Clock { get; }

    /// <summary>Gets its configuration space, as the device itself changes it.</summary>
    public ModelConfigSpace Config { get; }

    /// <summary>Gets its interrupts.</summary>
    public ModelInterrupts Interrupts { get; }

    /// <summary>Gets the driver's memory, for DMA.</summary>
    public ClientMemory Memory { get; }

    /// <summary>Gets the faults of the device, for tests of drivers.</summary>
    public ModelFaults Faults { get; }

    /// <summary>Gets whether the device was removed or disposed: reads return ones, and writes are ignored.</summary>
    public bool IsRemoved { get; private set; }

    /// <summary>Gets whether a driver has the device open.</summary>
    public bool IsOpen => Session is not null;

    internal Lock Sync { get; } = new();

    internal ModelSession? Session { get; private set; }

    internal RomImage? Rom { get; private set; }

    /// <summary>
    /// Opens the device in this process, for a driver. As with the kernel, the device is reset when it is opened and
    /// when it is closed.
    /// </summary>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="VfioException">The device is already open, because only one driver at a time can open it
    /// (EBUSY), or it was removed (ENODEV).</exception>
    public VfioDevice Open()
    {
        ModelAddressSpace backend = new();
        backend.Owner = new IoAddressSpace(backend, new SystemCalls());
        return Open(backend.Owner, backend);
    }

    /// <summary>
    /// Opens the device into an address space that exists: its devices access the same memory at the same addresses.
    /// </summary>
    /// <param name="addressSpace">Another model's <see cref="VfioDevice.AddressSpace"/>, or one made by
    /// <see cref="IoAddressSpace.Create"/>.</param>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The address space is one of the host's devices.</exception>
    /// <exception cref="ObjectDisposedException">The address space has ended.</exception>
    /// <exception cref="VfioException">The model is open already: one driver at a time (EBUSY); or it was removed
    /// (ENODEV).</exception>
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
            : throw new ArgumentException(
                "the address space belongs to a device of the host, so a device model cannot join it",
                nameof(addressSpace));
    }

    private VfioDevice Open(IoAddressSpace addressSpace, ModelAddressSpace models)
    {
        // Until the device has joined, or has not: an address space without devices gives up the backend that was to be
        // its first.
        addressSpace.Reserve();
        try
        {
            return VfioDevice.Join(
                new InProcessBackend(OpenSession(new EventFdClient(), models.Table)), Address, Name, addressSpace);
        }
        finally
        {
            addressSpace.Leave(wasAdmitted: false, closeDevice: null);
        }
    }

    /// <summary>Removes the device, frees its memory and stops its timers. Can be called more than once.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the resources of the device model.</summary>
    /// <param name="disposing">Always <see langword="true"/>: device models have no finalizer.</param>
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

    /// <summary>
    /// Sets the registers of the device to their values after a reset. It is called at each open, close and reset, or
    /// only at the first open if <see cref="CanReset"/> is <see langword="false"/>. The interrupts have already been
    /// reset. The derived class itself stops timers that a reset must stop.
    /// </summary>
    protected virtual void OnReset()
    {
    }

    /// <summary>Called after a driver has written device-specific registers, or a capability that the library does not
    /// interpret.</summary>
    /// <param name="offset">The offset in bytes from the start; <see cref="Config"/> has the new values.</param>
    /// <param name="width">The width in bytes: 1, 2 or 4.</param>
    protected virtual void OnConfigWritten(int offset, int width)
    {
    }

    /// <summary>Lets time pass: a clock that stands still is advanced.</summary>
    internal void Pass(TimeSpan time)
    {
        if (Clock is ModelClock clock)
        {
            clock.Advance(time);
        }
        else
        {
            Pause.For(time);
        }
    }

    /// <summary>Runs an action under the model's lock, for threads of the device model itself.</summary>
    /// <param name="action">The action.</param>
    protected void Run(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        lock (Sync)
        {
            action();
        }
    }
}
