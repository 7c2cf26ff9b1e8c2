namespace Vfio.Cli;

/// <summary>Represents one step of the demo: text, then commands that are really run.</summary>
/// <param name="Title">The title of the step.</param>
/// <param name="Text">The reason for the step, and what to look at.</param>
/// <param name="Commands">The command lines, without <c>vfio</c>.</param>
internal sealed record DemoStep(string Title, string Text, params string[][] Commands)
{
    /// <summary>Gets the lines that the command reads from standard input.</summary>
    public IReadOnlyList<string> Input { get; init; } = [];
}
