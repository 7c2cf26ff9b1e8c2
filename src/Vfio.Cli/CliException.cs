namespace Vfio.Cli;

/// <summary>A command cannot go on, for a reason that no library exception carries.</summary>
/// <param name="message">What failed and why: <c>read: 0x3 is not a multiple of 4</c>.</param>
/// <param name="hint">What the person can do.</param>
/// <param name="exitCode">How the process ends.</param>
internal sealed class CliException(string message, string hint, int exitCode = ExitCode.Failed) : Exception(message)
{
    public string Hint { get; } = hint;

    public int ExitCode { get; } = exitCode;
}
