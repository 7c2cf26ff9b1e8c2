using System.Text.Json.Serialization;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>What <c>vfio release</c> did, as JSON.</summary>
internal sealed record ReleaseDocument(bool DryRun, ReleasedDevice[] Devices);

/// <summary>What it would do.</summary>
internal sealed record ReleaseDryRunDocument(bool DryRun, ReleaseEntry[] Devices, string[] Steps, RefusalDocument[] Refusals);

/// <summary>A device that is handed back.</summary>
internal class ReleaseEntry(JournalEntry entry)
{
    [JsonConstructor]
    internal ReleaseEntry()
        : this(null!)
    {
    }

    private const int First = -1; // of a base class, which would come last

    [JsonPropertyOrder(First)]
    public string Address => entry.Address.ToString();

    [JsonPropertyOrder(First)]
    public string? OriginalDriver => entry.OriginalDriver;

    [JsonPropertyOrder(First)]
    public string? PreviousOverride => entry.PreviousOverride;

    [JsonPropertyOrder(First)]
    public string? ParseError => entry.ParseError;
}

/// <summary>One that was, or was not.</summary>
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
