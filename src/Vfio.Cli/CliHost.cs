using System.Text;

namespace Vfio.Cli;

/// <summary>Everything a command touches besides the library: the host, the two outputs, the terminal, the clock.</summary>
/// <remarks>Tests make their own; the tool itself has only <see cref="Running"/>, and no variable or option that changes it.</remarks>
internal sealed record CliHost
{
    // What a console line or a sysfs file holds is small; a pipe takes 64 KiB at once.
    private const int OutputBufferBytes = 16 * 1024;

    /// <summary>The host whose devices are meant.</summary>
    public required HostRoot Root { get; init; }

    /// <summary>Facts. Flushed by <see cref="VfioCommandLine"/>.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Errors and hints; written by <see cref="Tell"/>.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>How wide lines may be, and whether colour is understood.</summary>
    public required Terminal Terminal { get; init; }

    /// <summary>The time and its zone.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Opens a device for the register commands.</summary>
    public Func<PciAddress, HostRoot, VfioDevice> OpenDevice { get; init; } = VfioDevice.Open;

    /// <summary>Where the names of vendors and devices are looked for; read at the first use only.</summary>
    public Func<PciNames> LoadNames { get; init; } = () => PciNames.Load();

    /// <summary>Whether errors come with their stack trace.</summary>
    public bool Debug { get; init; }

    /// <summary>The host this process runs on.</summary>
    public static CliHost Running() => new()
    {
        Root = HostRoot.Default,
        // Not Console.Out: it reads the terminal's description and changes signal handling, which nothing here needs.
        Out = Open(Console.OpenStandardOutput, autoFlush: false),
        Error = Open(Console.OpenStandardError, autoFlush: true),
        Terminal = Terminal.OfStandardOutput(),
        Debug = Environment.GetEnvironmentVariable("VFIO_DEBUG") == "1",
    };

    /// <summary>Writes a line for the person, on standard error, after all that was printed before.</summary>
    public void Tell(string line)
    {
        Out.Flush();
        Error.WriteLine(line);
    }

    private static StreamWriter Open(Func<Stream> open, bool autoFlush)
    {
        Stream stream;
        try
        {
            stream = open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Started with the descriptor closed (">&-"): whoever did that wants to read nothing.
            stream = Stream.Null;
        }

        UTF8Encoding encoding = new(encoderShouldEmitUTF8Identifier: false);
        return new StreamWriter(stream, encoding, OutputBufferBytes) { AutoFlush = autoFlush, NewLine = "\n" };
    }
}
