using System.CommandLine;

namespace Vfio.Cli;

/// <summary><c>vfio complete -- WORD…</c>: what the last word may become, one answer a line. For the shells' scripts.</summary>
internal static class CompleteCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string[]> words = new("WORD")
        {
            Description = "The words behind vfio as far as they are typed; the last is completed",
            Arity = ArgumentArity.ZeroOrMore,
        };
        DocumentedCommand command = new("complete", "Print what the last of some words may become, for shells.")
        {
            Hidden = true,
            Notes = ["Prints nothing where there is nothing to say, nor where something fails."],
            Examples = [("vfio complete -- bind --us", "--user")],
        };
        command.Add(words);
        command.SetAction(result =>
        {
            try
            {
                CompletionAnswers answers = new(host, result.RootCommandResult.Command);
                foreach ((string value, string description) in answers.For(result.GetValue(words) ?? []))
                {
                    host.Out.WriteLine(description.Length == 0 ? Printable.Clean(value) : $"{Printable.Clean(value)}\t{Printable.Clean(description)}");
                }
            }
            catch (Exception)
            {
                // Somebody is in the middle of typing: a message would be written into the line.
            }

            return ExitCode.Done;
        });
        return command;
    }
}
