namespace Vfio.Cli;

/// <summary>Represents the source of the lines that a user types.</summary>
internal interface ILineSource : IDisposable
{
    /// <summary>Asks for a line.</summary>
    /// <param name="prompt">The prompt before it.</param>
    /// <returns>The line, or <see langword="null"/> at the end of the input.</returns>
    string? Next(string prompt);

    /// <summary>Shows that the line was taken. From here on Ctrl-C is a signal, so listen to it before.</summary>
    void Accept();
}

/// <summary>Reads lines from a terminal that does not support cursor movement.</summary>
internal sealed class PlainLines(CliHost host) : ILineSource
{
    private const int MaxLineLength = 4096;

    private readonly LineReader _reader = new(host.OpenInput(), MaxLineLength);

    public string? Next(string prompt)
    {
        host.Out.Write(prompt);
        host.Out.Flush();
        try
        {
            return _reader.Next();
        }
        catch (FormatException e)
        {
            throw new CliException($"the line {e.Message}", "help lists the commands", ExitCode.WrongUsage);
        }
    }

    // The kernel has shown it.
    public void Accept()
    {
    }

    public void Dispose() => _reader.Dispose();
}
