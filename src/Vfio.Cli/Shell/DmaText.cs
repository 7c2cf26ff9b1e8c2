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

    /// <summary>A line of the shell's JSON that is no access to a register.</summary>
    /// <returns>The line; the caller adds to it, and disposes it.</returns>
    public static JsonLine Begin(CliHost host, RegisterSession session, string operation)
    {
        JsonLine line = new(host.Out);
        line.Writer.WriteNumber("time", Math.Round(session.Elapsed.TotalSeconds, 6));
        line.Writer.WriteString("operation", operation);
        return line;
    }
}
