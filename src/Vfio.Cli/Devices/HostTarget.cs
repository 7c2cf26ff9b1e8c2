using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Represents a device of the host, which need not exist until it is used.</summary>
/// <param name="Address">The address.</param>
internal sealed record HostTarget(PciAddress Address) : DeviceTarget(Address.ToString())
{
    private const string TokenVariable = "VFIO_VF_TOKEN";

    public override bool Exists(CliHost host) => new PciBus(host.Root).Find(Address) is not null;

    public override DeviceIdentity Identify(CliHost host) => DeviceIdentity.Of(Get(host));

    public override VfioDevice Open(CliHost host) => host.OpenDevice(
        Address,
        new VfioOpenOptions
        {
            Host = host.Root,
            Backend = Backend,
            VirtualFunctionToken = ReadToken() is Guid token
                && new PciBus(host.Root).Find(Address)?.GetPhysicalFunction() is not null
                ? token
                : null,
        });

    /// <summary>
    /// Returns the names of its registers. Configuration space is read from sysfs, which shows capabilities only to
    /// root. If another user names a register of a capability, the device is opened briefly to read them.
    /// </summary>
    public override RegisterNames NameRegisters(CliHost host)
    {
        PciDeviceInfo device = Get(host);
        return new RegisterNames(host.LoadRegisters(device))
        {
            CapabilityLoader = device.HasVfioDriver
                ? () => KnownRegisters.SeesHeaderOnly(device) ? ReadCapabilities(host) : null
                : null,
        };
    }

    public override IReadOnlyList<PciResource> ListRegions(CliHost host) => Get(host).GetDetails().Resources;

    public override ShownDevice Look(CliHost host, bool isWholeConfig) =>
        ShownDevice.Of(host, Get(host), isWholeConfig);

    /// <summary>
    /// Reads the secret of virtual functions from the environment. An option would be visible in the list of processes.
    /// </summary>
    public static Guid? ReadToken() =>
        Environment.GetEnvironmentVariable(TokenVariable) is not { Length: > 0 } text ? null
            : Guid.TryParse(text, out Guid token) ? token
            : throw new CliException(
                $"{TokenVariable}: '{Symbols.Quote(text)}' is not a UUID",
                "use the UUID that was given to 'vfio sriov --token'");

    private PciDeviceInfo Get(CliHost host) => new PciBus(host.Root).Get(Address);

    private RegisterMap? ReadCapabilities(CliHost host)
    {
        using VfioDevice device = Open(host);
        return KnownRegisters.ConfigMap(device);
    }
}
