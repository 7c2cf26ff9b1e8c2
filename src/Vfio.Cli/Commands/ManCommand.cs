using System.CommandLine;

namespace Vfio.Cli;

/// <summary><c>vfio man</c>: a manual page, from the same source as the help.</summary>
internal static class ManCommand
{
    public static Command Create(CliHost host)
    {
        Argument<Command?> topic = HelpCommand.Topic();
        DocumentedCommand command = new("man", "Print the manual page of a command, or of vfio itself.")
        {
            Notes = ["The page is in the format of man(7). The archive that eng/publish makes installs them all."],
            Examples = [("vfio man bind | man -l -", "read one"), ("vfio man > vfio.8", "keep one")],
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
