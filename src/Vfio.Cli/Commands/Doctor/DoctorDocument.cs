using System.Text.Json;
using System.Text.Json.Serialization;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>What was found, as JSON (docs/cli.md has its fields).</summary>
internal sealed record DoctorDocument(bool IsUsable, string Verdict, DiagnosedDevice? Device, IEnumerable<FindingDocument> Findings)
{
    public static void Write(CliHost host, Diagnosis diagnosis) => Json.Write(
        host.Out,
        new DoctorDocument(
            diagnosis.IsUsable,
            diagnosis.Verdict,
            diagnosis.Identity is DeviceIdentity identity ? new DiagnosedDevice(identity, new DeviceNames(host), diagnosis) : null,
            diagnosis.Findings.Select(finding => new FindingDocument(finding))),
        CliJson.Indented.DoctorDocument);
}

/// <summary>The device that was diagnosed.</summary>
internal sealed class DiagnosedDevice(DeviceIdentity identity, DeviceNames names, Diagnosis diagnosis) : DeviceDocument(identity, names, diagnosis.Device)
{
    [JsonConstructor]
    internal DiagnosedDevice()
        : this(null!, null!, null!)
    {
    }

    public bool IsModel => diagnosis.IsModel;
}

/// <summary>A finding.</summary>
internal sealed record FindingDocument(
    string Id, string Level, string What, string? Why, string? Fix, string? Advice, string? Refusal, string? Part, IEnumerable<string> Devices, IEnumerable<int> Processes)
{
    public FindingDocument(Finding finding)
        : this(
            finding.Topic.ToWords(),
            JsonNamingPolicy.CamelCase.ConvertName(finding.Level.ToString()),
            finding.Message,
            finding.Reason,
            finding.Command,
            finding.Advice,
            finding.Refusal?.ToWord(),
            finding.Part,
            finding.Devices.Select(device => device.ToString()),
            finding.Processes)
    {
    }
}
