namespace Vfio.Pci;

/// <summary>
/// The names that people gave to PCI vendors, devices and classes, from the host's <c>pci.ids</c> file or a built-in
/// selection of it.
/// </summary>
/// <remarks>
/// <para>
/// The format is that of the PCI ID Project (<c>https://pci-ids.ucw.cz/</c>), which <c>lspci</c> reads too. The file is
/// not trusted: no content makes a method throw; a line that makes no sense has no name. Names are returned without
/// control characters and without characters that only change how others are displayed, so that printing one cannot
/// steer a terminal.
/// </para>
/// <para>May be used from several threads at once. It holds the file in memory and owns nothing to dispose.</para>
/// </remarks>
public sealed partial class PciNames
{
    // A host has a few dozen different ids; the limit only bounds a caller that goes through all of them.
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

    /// <summary>Where the names come from: the path of the file, <c>built in</c>, or <c>memory</c> after <see cref="Parse"/>.</summary>
    public string Source { get; }

    /// <summary>The name of a vendor, such as <c>Intel Corporation</c>.</summary>
    /// <param name="vendorId">The vendor id, configuration offset 0.</param>
    /// <returns>The name, or <see langword="null"/> when none is known.</returns>
    public string? GetVendor(ushort vendorId) => Recall(Kind.Vendor, vendorId);

    /// <summary>The name of a device, such as <c>82574L Gigabit Network Connection</c>; its vendor's name is not part of it.</summary>
    /// <param name="vendorId">The vendor id, configuration offset 0.</param>
    /// <param name="deviceId">The device id, configuration offset 2.</param>
    /// <returns>The name, or <see langword="null"/> when none is known.</returns>
    public string? GetDevice(ushort vendorId, ushort deviceId) => Recall(Kind.Device, ((uint)vendorId << 16) | deviceId);

    /// <summary>
    /// The name of the board or system that a device is built into, such as <c>QEMU Virtual Machine</c>. The vendor of the
    /// board is <see cref="GetVendor"/> of <paramref name="subsystemVendorId"/>.
    /// </summary>
    /// <param name="vendorId">The vendor id, configuration offset 0.</param>
    /// <param name="deviceId">The device id, configuration offset 2.</param>
    /// <param name="subsystemVendorId">The subsystem vendor id, configuration offset 2Ch.</param>
    /// <param name="subsystemId">The subsystem id, configuration offset 2Eh.</param>
    /// <returns>
    /// The name; where none is known and the subsystem ids repeat the device's own, the device's; otherwise
    /// <see langword="null"/>. The built-in selection has no subsystems.
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
    /// What kind of function a class code stands for, such as <c>Ethernet controller</c>: the name of the subclass, or of
    /// the base class where the subclass has none.
    /// </summary>
    /// <param name="code">The class code; its programming interface makes no difference.</param>
    /// <returns>The name, or <see langword="null"/> when none is known.</returns>
    public string? GetClass(PciClassCode code) => Recall(Kind.Subclass, code.Value >> 8) ?? GetBaseClass(code);

    /// <summary>The broad kind of function that a class code stands for, such as <c>Network controller</c>.</summary>
    /// <param name="code">The class code; only its base class makes a difference.</param>
    /// <returns>The name, or <see langword="null"/> when none is known.</returns>
    public string? GetBaseClass(PciClassCode code) => Recall(Kind.BaseClass, code.Value >> 16);

    /// <summary>
    /// The name of the register interface in a class code, such as <c>NVM Express</c> or <c>XHCI</c>. It completes
    /// <see cref="GetClass"/>; alone it can mean little (<c>Normal decode</c>).
    /// </summary>
    /// <param name="code">The class code.</param>
    /// <returns>The name, or <see langword="null"/> when none is known, as for most class codes.</returns>
    public string? GetProgrammingInterface(PciClassCode code) => Recall(Kind.ProgrammingInterface, code.Value);

    // Ten thousand devices share a few dozen ids: each is searched for once, and found or not, remembered.
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
