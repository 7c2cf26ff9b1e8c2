namespace Vfio.Cli;

/// <summary>Formats DMA access rights.</summary>
internal static class DmaText
{
    /// <summary>Formats what a device may do, for people.</summary>
    public static string Describe(DmaAccess access) => access switch
    {
        DmaAccess.Read => "read",
        DmaAccess.Write => "write",
        _ => "read and write",
    };

    /// <summary>Formats what a device may do, for JSON.</summary>
    public static string Word(DmaAccess access) => access switch
    {
        DmaAccess.Read => "read",
        DmaAccess.Write => "write",
        _ => "readWrite",
    };
}
