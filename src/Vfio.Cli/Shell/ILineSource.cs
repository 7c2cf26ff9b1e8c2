namespace Vfio.Cli;

/// <summary>Where a person's lines come from.</summary>
internal interface ILineSource : IDisposable
{
    /// <summary>Asks for a line.</summary>
    /// <param name="prompt">What stands before it.</param>
    /// <returns>The line, or <see langword="null"/> where the person has no more.</returns>
    string? Next(string prompt);

    /// <summary>Shows that the line was taken. From here on Ctrl-C is a signal, so listen to it before.</summary>
    void Accept();
}

/// <summary>Lines from a terminal that understands nothing but lines.</summary>
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
