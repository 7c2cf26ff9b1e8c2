using System.CommandLine;
using System.CommandLine.Parsing;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio help</c>, which prints the same as <c>--help</c>.</summary>
internal static class HelpCommand
{
    public static Command Create(CliHost host)
    {
        Argument<Command?> topic = Topic();
        DocumentedCommand command = new("help", "Explain a command, or list them all.")
        {
            Notes = ["'vfio help COMMAND' is the same as 'vfio COMMAND --help'. 'vfio man COMMAND' "
                + "prints it as a manual page."],
            Examples = [("vfio help", "the commands"), ("vfio help bind", "one of them")],
        };
        command.Add(topic);
        command.SetAction(result =>
        {
            new HelpText(host).Write(result.GetValue(topic) ?? result.RootCommandResult.Command);
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Creates the argument for the name of a command, or none.</summary>
    public static Argument<Command?> Topic() => new("COMMAND")
    {
        Description = "The name of a command; without it, all commands are listed",
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = result =>
        {
            if (result.Tokens.Count == 0)
            {
                return null;
            }

            string name = result.Tokens[0].Value;
            Command root = Root(result);
            Command? found = root.Subcommands.FirstOrDefault(command => command.Name == name && !command.Hidden);
            if (found is null)
            {
                string? similar = EditDistance.Nearest(
                    name, root.Subcommands.Where(command => !command.Hidden).Select(command => command.Name));
                result.AddError($"'{Symbols.Quote(name)}' is not a command of "
                    + $"vfio{(similar is null ? "" : $"\ndid you mean '{similar}'? vfio --help lists the commands")}");
            }

            return found;
        },
    };

    private static Command Root(SymbolResult result)
    {
        SymbolResult top = result;
        while (top.Parent is SymbolResult parent)
        {
            top = parent;
        }

        return ((CommandResult)top).Command;
    }
}
