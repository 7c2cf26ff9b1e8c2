using System.Text.Json.Serialization;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>Describes a device of <c>vfio list</c> as JSON.</summary>
internal sealed class ListedDevice(
    PciDeviceInfo device, DeviceNames names, HostSurvey survey, IEnumerable<string> before)
    : DeviceDocument(DeviceIdentity.Of(device), names, device)
{
    [JsonConstructor]
    internal ListedDevice()
        : this(null!, null!, null!, null!)
    {
    }

    private readonly IReadOnlyList<BindingRefusal> _refusals = survey.GetRefusals(device);

    public int? NumaNode => OnHost!.GetNumaNode();

    public HostNameDocument[] Interfaces => HostNameDocument.Of(survey.GetInterfaces(OnHost!.Address));

    public HostNameDocument[] Disks => HostNameDocument.Of(survey.GetDisks(OnHost!.Address));

    public HostNameDocument[] PreviousNames => HostNameDocument.Of(before);

    public bool CanBind => _refusals.Count == 0;

    public RefusalDocument[] Refusals => RefusalDocument.Of(_refusals);
}
