using System.CommandLine;

namespace Vfio.Cli;

/// <summary>Represents a command with the parts of its help besides the list of options.</summary>
internal sealed class DocumentedCommand(string name, string description) : Command(name, description)
{
    /// <summary>Gets the paragraphs with further details; each is wrapped to the terminal's width.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Gets the text that ends the usage line and is not an argument of this program.</summary>
    public string UsageEnd { get; init; } = "";

    /// <summary>Gets example command lines, each with its purpose.</summary>
    public required IReadOnlyList<(string CommandLine, string Purpose)> Examples { get; init; }
}
