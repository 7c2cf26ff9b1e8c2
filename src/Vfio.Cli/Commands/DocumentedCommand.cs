using System.CommandLine;

namespace Vfio.Cli;

/// <summary>A command with what its help needs besides the list of options.</summary>
internal sealed class DocumentedCommand(string name, string description) : Command(name, description)
{
    /// <summary>Paragraphs for who wants to know more; each is wrapped to the width.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>What ends the usage's line; not an argument of this program's.</summary>
    public string UsageEnd { get; init; } = "";

    /// <summary>Command lines to copy, each with what it is for.</summary>
    public required IReadOnlyList<(string CommandLine, string Purpose)> Examples { get; init; }
}
