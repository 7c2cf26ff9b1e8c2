namespace Vfio.Cli;

/// <summary>The words for memory that devices reach.</summary>
internal static class DmaText
{
    /// <summary>What a device may do, for people.</summary>
    public static string Describe(DmaAccess access) => access switch
    {
        DmaAccess.Read => "read",
        DmaAccess.Write => "write",
        _ => "read and write",
    };

    /// <summary>What a device may do, for programs.</summary>
    public static string Word(DmaAccess access) => access switch
    {
        DmaAccess.Read => "read",
        DmaAccess.Write => "write",
        _ => "readWrite",
    };
}
