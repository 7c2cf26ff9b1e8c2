using System.Text.Json;
using System.Text.Json.Serialization;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>Describes a diagnosis as JSON (docs/cli.md describes its fields).</summary>
internal sealed record DoctorDocument(
    bool IsUsable, string Verdict, DiagnosedDevice? Device, IEnumerable<FindingDocument> Findings)
{
    public static void Write(CliHost host, Diagnosis diagnosis) => Json.Write(
        host.Out,
        new DoctorDocument(
            diagnosis.IsUsable,
            diagnosis.Verdict,
            diagnosis.Identity is DeviceIdentity identity
                ? new DiagnosedDevice(identity, new DeviceNames(host), diagnosis)
                : null,
            diagnosis.Findings.Select(finding => new FindingDocument(finding))),
        CliJson.Write);
}

/// <summary>Describes the device that was diagnosed.</summary>
internal sealed class DiagnosedDevice(DeviceIdentity identity, DeviceNames names, Diagnosis diagnosis)
    : DeviceDocument(identity, names, diagnosis.Device)
{
    [JsonConstructor]
    internal DiagnosedDevice()
        : this(null!, null!, null!)
    {
    }

    public bool IsModel => diagnosis.IsModel;
}

/// <summary>Describes a finding.</summary>
internal sealed class FindingDocument(Finding finding)
{
    [JsonConstructor]
    internal FindingDocument()
        : this(null!)
    {
    }

    public string Topic => finding.Topic.ToWords();

    public string Level => JsonNamingPolicy.CamelCase.ConvertName(finding.Level.ToString());

    public string Message => Printable.Clean(finding.Message);

    public string? Reason => finding.Reason;

    public string? Command => finding.Command is string fix ? Printable.Clean(fix) : null;

    public string? Advice => finding.Advice is string advice ? Printable.Clean(advice) : null;

    public string? Refusal => finding.Refusal?.ToWord();

    public string? Part => finding.Part is string part ? Printable.Clean(part) : null;

    public IEnumerable<string> Devices => finding.Devices.Select(device => device.ToString());

    public IEnumerable<int> Processes => finding.Processes;
}
