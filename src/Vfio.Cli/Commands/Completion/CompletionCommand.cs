using System.CommandLine;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio completion</c>, which prints the completion script of a shell.</summary>
internal static class CompletionCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string> shell = new("SHELL")
        {
            Description = $"The shell: {string.Join(", ", CompletionScripts.Shells)}",
            CustomParser = result =>
            {
                string name = result.Tokens[0].Value;
                if (!CompletionScripts.Shells.Contains(name))
                {
                    result.AddError($"'{Symbols.Quote(name)}' is not a supported shell; use one of "
                        + $"{string.Join(", ", CompletionScripts.Shells)}");
                }

                return name;
            },
        };
        DocumentedCommand command = new("completion", "Print a shell's completion script for vfio.")
        {
            Notes =
            [
                "At each completion the script calls vfio, so it offers the devices that are "
                + "present now. No device is opened.",
            ],
            Examples =
            [
                ("source <(vfio completion bash)", "for this shell; put it in ~/.bashrc for all shells"),
                ("vfio completion zsh > \"${fpath[1]}/_vfio\"", "zsh, permanently"),
                ("vfio completion fish > ~/.config/fish/completions/vfio.fish", "fish, permanently"),
            ],
        };
        command.Add(shell);
        command.SetAction(result =>
        {
            host.Out.Write(CompletionScripts.For(result.GetRequiredValue(shell)));
            return ExitCode.Done;
        });
        return command;
    }
}
