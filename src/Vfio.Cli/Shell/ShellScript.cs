namespace Vfio.Cli;

/// <summary>
/// Represents a script of the shell. It is read and parsed as a whole, so that a script with a syntax error does
/// nothing.
/// </summary>
internal sealed class ShellScript
{
    private const int MaxLineLength = 4096;
    private const int MaxLines = 100_000;

    private readonly string _name;
    private readonly List<(int Line, ShellOperation Operation)> _operations = [];

    private ShellScript(string name) => _name = name;

    /// <summary>Reads a script.</summary>
    /// <param name="name">The file's name, for messages.</param>
    /// <param name="stream">The script; it is closed afterwards.</param>
    /// <param name="parser">The parser of its lines.</param>
    /// <exception cref="CliException">A line is not valid; the message contains its number.</exception>
    public static ShellScript Read(string name, Stream stream, ShellParser parser)
    {
        ShellScript script = new(name);
        using LineReader lines = new(stream, MaxLineLength);
        try
        {
            while (lines.Next() is string line)
            {
                if (parser.Parse(line) is ShellOperation operation)
                {
                    script._operations.Add((lines.Line, operation));
                }

                if (lines.Line > MaxLines)
                {
                    throw new FormatException($"a script has at most {MaxLines} lines");
                }
            }
        }
        catch (CliException e)
        {
            throw new CliException($"{script.Where(lines.Line)}{e.Message}", e.Hint, e.ExitCode);
        }
        catch (FormatException e)
        {
            throw new CliException(
                $"{script.Where(lines.Line)}{e.Message}", "help in vfio shell lists the commands", ExitCode.WrongUsage);
        }

        return script;
    }

    /// <summary>Performs the script, up to the first failure.</summary>
    /// <returns>The exit code.</returns>
    public int Run(CliHost host, RegisterShell shell, CancellationToken cancellationToken)
    {
        foreach ((int line, ShellOperation operation) in _operations)
        {
            try
            {
                cancellationToken.ThrowIfCancellationRequested();
                shell.ThrowIfAskedBack();
                if (!shell.Run(operation, cancellationToken))
                {
                    break;
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                return ErrorReport.Write(host, e, Where(line));
            }
        }

        return ExitCode.Done;
    }

    private string Where(int line) => $"{InputFile.Show(_name)}:{line}: ";
}
