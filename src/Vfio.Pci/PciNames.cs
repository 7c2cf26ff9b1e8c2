namespace Vfio.Pci;

/// <summary>
/// The names of PCI vendors, devices and classes, from the host's <c>pci.ids</c> file or a built-in selection of it.
/// </summary>
/// <remarks>
/// <para>
/// The format is that of the PCI ID Project (<c>https://pci-ids.ucw.cz/</c>), which <c>lspci</c> reads too. The file is
/// not trusted: no content makes a method throw, and malformed lines are ignored. Returned names contain no control
/// characters and no characters that only change how others are displayed, so they are safe to print to a terminal.
/// </para>
/// <para>Thread-safe. It keeps the file in memory, and has nothing to dispose.</para>
/// </remarks>
public sealed partial class PciNames
{
    // A host has a few dozen different IDs; the limit only matters for a caller that looks up all of them.
    private const int MaxRemembered = 16 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, string?> _remembered = [];
    private readonly PciNamesText _text;
    private readonly bool _asksBuiltIn;
    private PciNames? _builtIn;

    private PciNames(PciNamesText text, string source, bool asksBuiltIn)
    {
        _text = text;
        _asksBuiltIn = asksBuiltIn;
        Source = source;
    }

    private enum Kind : byte
    {
        Vendor,
        Device,
        BaseClass,
        Subclass,
        ProgrammingInterface,
    }

    /// <summary>
    /// Gets where the names come from: the path of the file, <c>built in</c>, or <c>memory</c> after
    /// <see cref="Parse"/>.
    /// </summary>
    public string Source { get; }

    /// <summary>Gets the name of a vendor, such as <c>Intel Corporation</c>.</summary>
    /// <param name="vendorId">The vendor ID, configuration offset 0.</param>
    /// <returns>The name; <see langword="null"/> if it is unknown.</returns>
    public string? GetVendor(ushort vendorId) => Recall(Kind.Vendor, vendorId);

    /// <summary>
    /// Gets the name of a device, such as <c>82574L Gigabit Network Connection</c>, without its vendor's name.
    /// </summary>
    /// <param name="vendorId">The vendor ID, configuration offset 0.</param>
    /// <param name="deviceId">The device ID, configuration offset 2.</param>
    /// <returns>The name; <see langword="null"/> if it is unknown.</returns>
    public string? GetDevice(ushort vendorId, ushort deviceId) =>
        Recall(Kind.Device, ((uint)vendorId << 16) | deviceId);

    /// <summary>
    /// Gets the name of the board or system that a device is built into, such as <c>QEMU Virtual Machine</c>. The
    /// vendor of the board is <see cref="GetVendor"/> of <paramref name="subsystemVendorId"/>.
    /// </summary>
    /// <param name="vendorId">The vendor ID, configuration offset 0.</param>
    /// <param name="deviceId">The device ID, configuration offset 2.</param>
    /// <param name="subsystemVendorId">The subsystem vendor ID, configuration offset 2Ch.</param>
    /// <param name="subsystemId">The subsystem ID, configuration offset 2Eh.</param>
    /// <returns>
    /// The name. If it is unknown, the name of the device if the subsystem IDs repeat the device's own, and
    /// <see langword="null"/> otherwise. The built-in selection has no subsystems.
    /// </returns>
    public string? GetSubsystem(ushort vendorId, ushort deviceId, ushort subsystemVendorId, ushort subsystemId)
    {
        string? name;
        lock (_lock)
        {
            name = _text.Subsystem(vendorId, deviceId, subsystemVendorId, subsystemId);
        }

        bool repeatsDevice = subsystemVendorId == vendorId && subsystemId == deviceId;
        return name is null && repeatsDevice ? GetDevice(vendorId, deviceId) : name;
    }

    /// <summary>
    /// Gets the kind of function of a class code, such as <c>Ethernet controller</c>: the name of the subclass, or of
    /// the base class if the subclass has none.
    /// </summary>
    /// <param name="code">The class code; its programming interface is ignored.</param>
    /// <returns>The name; <see langword="null"/> if it is unknown.</returns>
    public string? GetClass(PciClassCode code) => Recall(Kind.Subclass, code.Value >> 8) ?? GetBaseClass(code);

    /// <summary>Gets the broad kind of function of a class code, such as <c>Network controller</c>.</summary>
    /// <param name="code">The class code; only its base class is used.</param>
    /// <returns>The name; <see langword="null"/> if it is unknown.</returns>
    public string? GetBaseClass(PciClassCode code) => Recall(Kind.BaseClass, code.Value >> 16);

    /// <summary>
    /// Gets the name of the register interface in a class code, such as <c>NVM Express</c> or <c>XHCI</c>. It completes
    /// <see cref="GetClass"/>, and may say little by itself (<c>Normal decode</c>).
    /// </summary>
    /// <param name="code">The class code.</param>
    /// <returns>The name; <see langword="null"/> if it is unknown, as for most class codes.</returns>
    public string? GetProgrammingInterface(PciClassCode code) => Recall(Kind.ProgrammingInterface, code.Value);

    // Ten thousand devices share a few dozen IDs. Each ID is searched once, and the result is remembered even if
    // nothing is found.
    private string? Recall(Kind kind, uint id)
    {
        ulong key = ((ulong)kind << 32) | id;
        lock (_lock)
        {
            if (_remembered.TryGetValue(key, out string? name))
            {
                return name;
            }

            name = Search(kind, id);
            if (name is null && _asksBuiltIn)
            {
                name = (_builtIn ??= LoadBuiltIn()).Recall(kind, id);
            }

            if (_remembered.Count == MaxRemembered)
            {
                _remembered.Clear();
            }

            _remembered.Add(key, name);
            return name;
        }
    }

    private string? Search(Kind kind, uint id) => kind switch
    {
        Kind.Vendor => _text.Vendor((ushort)id),
        Kind.Device => _text.Device((ushort)(id >> 16), (ushort)id),
        Kind.BaseClass => _text.BaseClass((byte)id),
        Kind.Subclass => _text.Subclass((byte)(id >> 8), (byte)id),
        _ => _text.ProgrammingInterface((byte)(id >> 16), (byte)(id >> 8), (byte)id),
    };
}
