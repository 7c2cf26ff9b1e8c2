namespace Vfio.Cli;

/// <summary>Holds the words of a recording (docs/cli.md, "Recordings").</summary>
internal static class RecordingFormat
{
    public const string Name = "vfio-recording";
    public const int Version = 1;

    /// <summary>
    /// Returns whether a line describes an operation on the device's memory. <c>shell --json</c> writes such lines
    /// between the accesses; a replay skips them.
    /// </summary>
    public static bool IsOfMemory(string? word) => word is "alloc" or "free" or "peek" or "poke" or "status";

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
