using System.CommandLine;

namespace Vfio.Cli;

/// <summary><c>vfio completion</c>: what makes a shell complete vfio's words.</summary>
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
                    result.AddError($"'{Symbols.Quote(name)}' is not a shell that is known here; one is {string.Join(", ", CompletionScripts.Shells)}");
                }

                return name;
            },
        };
        DocumentedCommand command = new("completion", "Print what makes a shell complete vfio's words.")
        {
            Notes =
            [
                "The script asks vfio itself at each press of the key, so that it completes the devices that are there now. Nothing is opened.",
            ],
            Examples =
            [
                ("source <(vfio completion bash)", "for this shell; in ~/.bashrc for all"),
                ("vfio completion zsh > \"${fpath[1]}/_vfio\"", "zsh, for good"),
                ("vfio completion fish > ~/.config/fish/completions/vfio.fish", "fish, for good"),
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
