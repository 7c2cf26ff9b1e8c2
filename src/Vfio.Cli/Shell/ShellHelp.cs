namespace Vfio.Cli;

/// <summary>Lists the commands of the shell, for <c>help</c>, for errors and for completion.</summary>
internal static class ShellHelp
{
    /// <summary>Gets each command as it is typed, and what it does.</summary>
    public static IReadOnlyList<(string Usage, string Purpose)> Commands { get; } =
    [
        ("read PLACE [-w BITS] [-n COUNT]", "read one or several registers"),
        ("write PLACE VALUE [-w BITS]", "write a register"),
        ("set PLACE BIT [-w BITS]", "set a bit, by number or by the name of its field"),
        ("clear PLACE BIT [-w BITS]", "clear a bit"),
        (
            "wait PLACE MASK VALUE TIMEOUT",
            "read until the bits in MASK equal VALUE; TIMEOUT is a time such as 500ms or 2s"),
        ("wait PLACE FIELD VALUE TIMEOUT", "read until the field equals VALUE"),
        ("dump REGION [FILE] [--all]", "print a region, or write it to a file"),
        (
            "alloc LENGTH [ACCESS] [--at IOVA]",
            "allocate memory for the device; ACCESS is what the device may do, read or write, by default both"),
        ("alloc LENGTH [ACCESS] [--bits N]", "allocate memory for a device with an address width of N bits"),
        ("free IOVA", "free memory that alloc allocated"),
        ("peek IOVA [COUNT] [-w BITS]", "read memory that alloc allocated"),
        ("poke IOVA VALUE [-w BITS]", "write memory that alloc allocated"),
        ("status", "show the memory that the device can access, its owner, the limits, and the transfers that were "
            + "stopped since the last status"),
        ("reset", "reset the device; writes before the reset can no longer be undone"),
        ("undo", "revert the last write of a register; repeat it to revert earlier ones. Does not revert "
            + "alloc, free and poke"),
        ("record FILE", "record every register access from now on to a file, for vfio replay"),
        ("record off", "end the recording"),
        ("help", "show this list"),
        ("quit", "close the device and end the shell; Ctrl-D does the same"),
    ];

    /// <summary>Gets the names of the commands.</summary>
    public static IEnumerable<string> Words => Commands.Select(command => command.Usage.Split(' ')[0]).Distinct();

    /// <summary>Returns how a command is typed, as a hint.</summary>
    public static string UsageOf(string word)
    {
        string[] usages =
            [.. Commands.Where(command => command.Usage.Split(' ')[0] == word).Select(command => command.Usage)];
        return usages.Length == 0 ? "help lists the commands" : $"usage: {string.Join(", or: ", usages)}";
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
