using System.CommandLine;

namespace Vfio.Cli;

/// <summary>Groups the commands by purpose, in the order in which a new user needs them.</summary>
internal static class CommandGroups
{
    private static readonly (string Title, string[] Commands)[] Groups =
    [
        ("Inspect (opens and changes nothing)", ["list", "show", "groups", "status", "doctor"]),
        ("Bind and release", ["bind", "release", "run", "sriov"]),
        ("Registers (of bound devices and of emu:edu)", ["read", "write", "dump", "watch", "shell", "diff", "replay"]),
        ("Open devices for other programs", ["broker"]),
        ("Interrupts and reset", ["irq", "reset"]),
        ("Help", ["demo", "help", "man", "completion"]),
    ];

    /// <summary>
    /// Returns the groups that have at least one visible command, each with its commands. Commands without a group come
    /// last.
    /// </summary>
    public static IEnumerable<(string Title, IReadOnlyList<Command> Commands)> Of(Command root)
    {
        Command[] visible = [.. root.Subcommands.Where(command => !command.Hidden)];
        foreach ((string title, string[] names) in Groups)
        {
            Command[] commands = [.. names.SelectMany(name => visible.Where(command => command.Name == name))];
            if (commands.Length != 0)
            {
                yield return (title, commands);
            }
        }

        Command[] others = [.. visible.Where(command => !Groups.Any(group => group.Commands.Contains(command.Name)))];
        if (others.Length != 0)
        {
            yield return ("More", others);
        }
    }

    /// <summary>Returns the names of the other commands in the same group.</summary>
    public static IEnumerable<string> Neighbours(Command command) => command.Parents.OfType<Command>()
        .SelectMany(Of)
        .Where(group => group.Commands.Contains(command))
        .SelectMany(group => group.Commands)
        .Where(neighbour => neighbour != command)
        .Select(neighbour => neighbour.Name);
}
