namespace Vfio.Cli;

/// <summary>
/// The exception for a command that cannot go on, for a reason that no exception of the library describes.
/// </summary>
/// <param name="message">What failed and why: <c>read: 0x3 is not a multiple of 4</c>.</param>
/// <param name="hint">What the user can do about it.</param>
/// <param name="exitCode">The exit code of the process.</param>
internal sealed class CliException(string message, string hint, int exitCode = ExitCode.Failed) : Exception(message)
{
    public string Hint { get; } = hint;

    public int ExitCode { get; } = exitCode;
}
