using System.Text;

namespace Vfio.Cli;

/// <summary>
/// Prints the result of a change that a command has made. If the output cannot be written, the error on standard error
/// still says that the change was made, and repeats what would have been printed.
/// </summary>
internal static class ChangeReport
{
    /// <param name="host">The host, which has the output.</param>
    /// <param name="made">The change: <c>bind: the devices were bound</c>; <see langword="null"/> if none was
    /// made.</param>
    /// <param name="hint">Where the user can look up the result.</param>
    /// <param name="write">Prints the result and returns the exit code.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="CliException">The change was made, but the result could not be printed.</exception>
    public static int Write(CliHost host, string? made, string hint, Func<CliHost, int> write)
    {
        if (made is null)
        {
            return write(host);
        }

        using RememberingWriter output = new(host.Out);
        try
        {
            int code = write(host with { Out = output });
            output.Flush();
            return code;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !ErrorReport.IsClosedPipe(e))
        {
            CliHost silent = host with { Out = TextWriter.Null };
            foreach (string line in output.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                silent.Tell(line);
            }

            throw new CliException(
                $"{made}, but the lines above could not be written to standard output: {e.Message}", hint);
        }
    }

    private sealed class RememberingWriter(TextWriter inner) : TextWriter
    {
        private readonly StringBuilder _text = new();

        public string Text => _text.ToString();

        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value)
        {
            _text.Append(value);
            inner.Write(value);
        }

        public override void Write(string? value)
        {
            _text.Append(value);
            inner.Write(value);
        }

        public override void WriteLine(string? value)
        {
            _text.Append(value).Append('\n');
            inner.WriteLine(value);
        }

        public override void Flush() => inner.Flush();
    }
}
