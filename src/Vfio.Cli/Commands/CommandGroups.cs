using System.CommandLine;

namespace Vfio.Cli;

/// <summary>The commands by what a person wants, in the order in which one comes to need them.</summary>
internal static class CommandGroups
{
    private static readonly (string Title, string[] Commands)[] Groups =
    [
        ("Look (nothing is opened or changed)", ["list", "show", "groups", "status", "doctor"]),
        ("Take and hand back", ["bind", "release", "run", "sriov"]),
        ("Registers (of devices that are taken, and of emu:edu)", ["read", "write", "dump", "watch", "shell", "diff", "replay"]),
        ("Hand devices to others", ["broker"]),
        ("Interrupts and reset", ["irq", "reset"]),
        ("Help", ["demo", "help", "man", "completion"]),
    ];

    /// <summary>The groups that have a command, each with its commands; those of no group come last.</summary>
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

    /// <summary>The commands that stand beside one.</summary>
    public static IEnumerable<string> Neighbours(Command command) => command.Parents.OfType<Command>()
        .SelectMany(Of)
        .Where(group => group.Commands.Contains(command))
        .SelectMany(group => group.Commands)
        .Where(neighbour => neighbour != command)
        .Select(neighbour => neighbour.Name);
}
