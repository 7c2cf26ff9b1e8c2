namespace Vfio.Cli;

/// <summary>What the tool tells the shell; part of its interface (docs/cli.md).</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int WrongUsage = 2;

    /// <summary>It would harm the host, and nothing was changed.</summary>
    public const int Refused = 3;

    /// <summary>Added to a signal's number, as shells do.</summary>
    public const int Signal = 128;
}
