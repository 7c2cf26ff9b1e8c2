using System.Text.Json;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>What was found, as JSON (docs/cli.md has its fields).</summary>
internal static class DoctorJson
{
    public static void Write(CliHost host, Diagnosis diagnosis)
    {
        using Json json = new(host.Out);
        Utf8JsonWriter writer = json.Writer;
        writer.WriteStartObject();
        writer.WriteBoolean("isUsable", diagnosis.IsUsable);
        writer.WriteString("verdict", diagnosis.Verdict);
        if (diagnosis.Identity is DeviceIdentity identity)
        {
            writer.WriteStartObject("device");
            writer.WriteDevice(identity, new DeviceNames(host), diagnosis.Device);
            writer.WriteBoolean("isModel", diagnosis.IsModel);
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteNull("device");
        }

        json.WriteArray("findings", diagnosis.Findings, (item, finding) =>
        {
            item.WriteStartObject();
            item.WriteString("id", finding.Id);
            item.WriteString("level", LevelWord(finding.Level));
            item.WriteText("what", finding.What);
            item.WriteText("why", finding.Why);
            item.WriteText("fix", finding.Fix);
            item.WriteText("advice", finding.Advice);
            item.WriteEndObject();
        });
        writer.WriteEndObject();
    }

    private static string LevelWord(FindingLevel level) => level switch
    {
        FindingLevel.Blocks => "blocks",
        FindingLevel.Warns => "warns",
        FindingLevel.Notes => "notes",
        FindingLevel.Unseen => "unseen",
        _ => "fine",
    };
}
