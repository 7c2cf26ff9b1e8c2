using System.Text.Json.Serialization;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>Describes what <c>vfio release</c> did, as JSON.</summary>
internal sealed record ReleaseDocument(bool DryRun, ReleasedDevice[] Devices);

/// <summary>Describes what it would do.</summary>
internal sealed record ReleaseDryRunDocument(
    bool DryRun, ReleaseEntry[] Devices, string[] Steps, RefusalDocument[] Refusals);

/// <summary>Describes a device that would be released.</summary>
internal class ReleaseEntry(JournalEntry entry)
{
    [JsonConstructor]
    internal ReleaseEntry()
        : this(null!)
    {
    }

    private const int First = -1; // properties of a base class would otherwise come last

    [JsonPropertyOrder(First)]
    public string Address => entry.Address.ToString();

    [JsonPropertyOrder(First)]
    public string? OriginalDriver => entry.OriginalDriver;

    [JsonPropertyOrder(First)]
    public string? PreviousOverride => entry.PreviousOverride;

    [JsonPropertyOrder(First)]
    public string? ParseError => entry.ParseError;
}

/// <summary>Describes a device that was released, or that could not be.</summary>
internal sealed class ReleasedDevice(ReleaseOutcome outcome) : ReleaseEntry(outcome.Entry)
{
    [JsonConstructor]
    internal ReleasedDevice()
        : this(null!)
    {
    }

    public string? Driver => outcome.Device?.Driver;

    public IReadOnlyList<string> Skipped => outcome.Skipped;

    public bool WasBound => outcome.WasBound;

    public bool WasPersistent => outcome.WasPersistent;

    public string? Error => outcome.Error is VfioException error ? Printable.Clean(error.Message) : null;

    public string? Hint => outcome.Error is VfioException error ? Printable.Clean(HintText.For(error)) : null;
}
