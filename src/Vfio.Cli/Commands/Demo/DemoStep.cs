namespace Vfio.Cli;

/// <summary>One step of the story: words, then commands that are really run.</summary>
/// <param name="Title">What it is about.</param>
/// <param name="Text">Why, and what to look at.</param>
/// <param name="Commands">The command lines, without <c>vfio</c>.</param>
internal sealed record DemoStep(string Title, string Text, params string[][] Commands)
{
    /// <summary>What the command reads from standard input.</summary>
    public IReadOnlyList<string> Input { get; init; } = [];
}
