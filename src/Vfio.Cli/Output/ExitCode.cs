namespace Vfio.Cli;

/// <summary>What the tool tells the shell; part of its interface (docs/cli.md).</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int WrongUsage = 2;

    /// <summary>It would harm the host, and nothing was changed.</summary>
    public const int Refused = 3;

    /// <summary>Of <c>vfio run</c>, which has its command's exit code: vfio itself failed, as env(1) and timeout(1) have it.</summary>
    public const int RunFailed = 125;

    /// <summary>Of <c>vfio run</c>: the command cannot be executed.</summary>
    public const int CannotExecute = 126;

    /// <summary>Of <c>vfio run</c>: there is no such command.</summary>
    public const int NotFound = 127;

    /// <summary>Added to a signal's number, as shells do.</summary>
    public const int Signal = 128;
}
