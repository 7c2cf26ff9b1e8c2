using System.CommandLine;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio man</c>, which prints a manual page from the same source as the help.</summary>
internal static class ManCommand
{
    public static Command Create(CliHost host)
    {
        Argument<Command?> topic = HelpCommand.Topic();
        DocumentedCommand command = new("man", "Print the manual page of a command, or of vfio itself.")
        {
            Notes = ["The page is in the format of man(7). The archive that eng/publish creates installs the "
                + "pages of all commands."],
            Examples = [("vfio man bind | man -l -", "read a page"), ("vfio man > vfio.8", "save a page")],
        };
        command.Add(topic);
        command.SetAction(result =>
        {
            new ManPage(host.Out).Write(result.GetValue(topic) ?? result.RootCommandResult.Command);
            return ExitCode.Done;
        });
        return command;
    }
}
