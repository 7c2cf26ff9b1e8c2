namespace Vfio.Cli;

/// <summary>The commands of the shell: for <c>help</c>, for errors, and for completion.</summary>
internal static class ShellHelp
{
    /// <summary>Each command as it is typed, and what it does.</summary>
    public static IReadOnlyList<(string Usage, string Purpose)> Commands { get; } =
    [
        ("read PLACE [-w BITS] [-n COUNT]", "read a register, or several"),
        ("write PLACE VALUE [-w BITS]", "write a register"),
        ("set PLACE BIT [-w BITS]", "set a bit, by number or by the name of its field"),
        ("clear PLACE BIT [-w BITS]", "clear a bit"),
        ("wait PLACE MASK VALUE TIMEOUT", "read until the bits of MASK are VALUE; TIMEOUT is 500ms or 2s"),
        ("wait PLACE FIELD VALUE TIMEOUT", "read until a field has a value"),
        ("dump REGION [FILE] [--all]", "print a region, or write it into a file"),
        ("alloc LENGTH [ACCESS] [--at IOVA]", "make memory for the device, which may read it, write it, or both: ACCESS is read or write"),
        ("alloc LENGTH [ACCESS] [--bits N]", "make it where a device of N address lines reaches it"),
        ("free IOVA", "take it back from the device"),
        ("peek IOVA [COUNT] [-w BITS]", "read such memory"),
        ("poke IOVA VALUE [-w BITS]", "write such memory"),
        ("status", "what this device can reach, who asked for it, what is left, and the transfers that were stopped since the last look"),
        ("reset", "reset the device; what was written before cannot be undone then"),
        ("undo", "take back the last write of a register, and then the one before; not alloc, free and poke"),
        ("record FILE", "write every access to registers from here on into a file, for vfio replay"),
        ("record off", "end the recording"),
        ("help", "this list"),
        ("quit", "close the device, and end; so does Ctrl-D"),
    ];

    /// <summary>The first words.</summary>
    public static IEnumerable<string> Words => Commands.Select(command => command.Usage.Split(' ')[0]).Distinct();

    /// <summary>How a command is typed, as a hint.</summary>
    public static string UsageOf(string word)
    {
        string[] usages = [.. Commands.Where(command => command.Usage.Split(' ')[0] == word).Select(command => command.Usage)];
        return usages.Length == 0 ? "help lists the commands" : $"it is typed: {string.Join(", or: ", usages)}";
    }

    public static void Write(CliHost host)
    {
        int width = Commands.Max(command => command.Usage.Length);
        foreach ((string usage, string purpose) in Commands)
        {
            string left = usage;
            foreach (string line in Printable.Wrap(purpose, host.Terminal.TextWidth - width - 2))
            {
                host.Out.WriteLine($"{left.PadRight(width)}  {line}");
                left = "";
            }
        }
    }
}
