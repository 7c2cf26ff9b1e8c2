using System.CommandLine;

namespace Vfio.Cli;

/// <summary>
/// Implements <c>vfio complete -- WORD…</c>, which shell scripts call: prints the possible completions of the last
/// word, one per line.
/// </summary>
internal static class CompleteCommand
{
    public static Command Create(CliHost host)
    {
        Argument<string[]> words = new("WORD")
        {
            Description = "The words after vfio, as far as they are typed; the last one is completed",
            Arity = ArgumentArity.ZeroOrMore,
        };
        DocumentedCommand command = new("complete", "Print the possible completions of the last word, for shells.")
        {
            Hidden = true,
            Notes = ["Prints nothing if there is no completion, or if an error occurs."],
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
                    host.Out.WriteLine(description.Length == 0
                        ? Printable.Clean(value)
                        : $"{Printable.Clean(value)}\t{Printable.Clean(description)}");
                }
            }
            catch (Exception)
            {
                // The user is typing, and an error message would appear in the middle of the line.
            }

            return ExitCode.Done;
        });
        return command;
    }
}
