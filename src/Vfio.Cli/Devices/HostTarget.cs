using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>A device of the host. It need not exist until something of it is asked for.</summary>
/// <param name="Address">Where it is.</param>
internal sealed record HostTarget(PciAddress Address) : DeviceTarget(Address.ToString())
{
    private const string TokenVariable = "VFIO_VF_TOKEN";

    public override bool Exists(CliHost host) => new PciBus(host.Root).Find(Address) is not null;

    public override DeviceIdentity Identify(CliHost host) => DeviceIdentity.Of(Get(host));

    public override VfioDevice Open(CliHost host) => host.OpenDevice(
        Address, new VfioOpenOptions { Host = host.Root, Backend = Backend, VirtualFunctionToken = ReadToken() is Guid token && new PciBus(host.Root).Find(Address)?.GetPhysicalFunction() is not null ? token : null });

    /// <summary>
    /// The names of its registers. Configuration space is read from sysfs, which shows capabilities to root alone; where a
    /// capability's register is asked for all the same, the device is opened for a moment to read them.
    /// </summary>
    public override RegisterNames NameRegisters(CliHost host)
    {
        PciDeviceInfo device = Get(host);
        return new RegisterNames(host.LoadRegisters(device))
        {
            CapabilityLoader = device.HasVfioDriver ? () => KnownRegisters.SeesHeaderOnly(device) ? ReadCapabilities(host) : null : null,
        };
    }

    public override IReadOnlyList<PciResource> ListRegions(CliHost host) => Get(host).GetDetails().Resources;

    public override ShownDevice Look(CliHost host, bool isWholeConfig) => ShownDevice.Of(host, Get(host), isWholeConfig);

    /// <summary>The secret of virtual functions, from the environment: whoever lists the processes of the host would read an option.</summary>
    public static Guid? ReadToken() => Environment.GetEnvironmentVariable(TokenVariable) is not { Length: > 0 } text ? null
        : Guid.TryParse(text, out Guid token) ? token
        : throw new CliException($"{TokenVariable}: '{Symbols.Quote(text)}' is not a UUID", "it is what 'vfio sriov --token' was given");

    private PciDeviceInfo Get(CliHost host) => new PciBus(host.Root).Get(Address);

    private RegisterMap? ReadCapabilities(CliHost host)
    {
        using VfioDevice device = Open(host);
        return KnownRegisters.ConfigMap(device);
    }
}
