namespace Vfio.Cli;

/// <summary>The exit codes of the tool, which are part of its interface (docs/cli.md).</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int WrongUsage = 2;

    /// <summary>The change was refused, because it would harm the host; nothing was changed.</summary>
    public const int Refused = 3;

    /// <summary>
    /// vfio itself failed in <c>vfio run</c>, which otherwise returns the exit code of its command; as in env(1) and
    /// timeout(1).
    /// </summary>
    public const int RunFailed = 125;

    /// <summary>The command of <c>vfio run</c> cannot be executed.</summary>
    public const int CannotExecute = 126;

    /// <summary>The command of <c>vfio run</c> was not found.</summary>
    public const int NotFound = 127;

    /// <summary>The number that is added to the number of a signal, as shells do.</summary>
    public const int Signal = 128;
}
