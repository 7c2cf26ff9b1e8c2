namespace Vfio.Cli;

/// <summary>The words of a recording (docs/cli.md, "Recordings").</summary>
internal static class RecordingFormat
{
    public const string Name = "vfio-recording";
    public const int Version = 1;

    public static string WordOf(AccessKind kind) => kind switch
    {
        AccessKind.Read => "read",
        AccessKind.Write => "write",
        AccessKind.Wait => "wait",
        _ => "reset",
    };

    public static AccessKind? KindOf(string? word) => word switch
    {
        "read" => AccessKind.Read,
        "write" => AccessKind.Write,
        "wait" => AccessKind.Wait,
        "reset" => AccessKind.Reset,
        _ => null,
    };
}
