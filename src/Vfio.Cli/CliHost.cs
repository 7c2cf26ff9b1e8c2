using System.Globalization;
using System.Text;
using Vfio.Host;
using Vfio.Pci;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Cli;

/// <summary>
/// Represents everything a command uses besides the library: the host, both outputs, the terminal and the clock.
/// </summary>
/// <remarks>
/// Tests create their own. The tool itself uses only <see cref="Running"/>. No environment variable or option changes
/// it, except VFIO_BROKER, which names the broker that devices are opened through.
/// </remarks>
internal sealed record CliHost
{
    // A console line or the text of a sysfs file is small; a pipe holds 64 KiB.
    private const int OutputBufferBytes = 16 * 1024;

    /// <summary>Gets the host whose devices the commands work on.</summary>
    public required HostRoot Root { get; init; }

    /// <summary>Gets the writer for results. <see cref="VfioCommandLine"/> flushes it.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Gets the writer for errors and hints; <see cref="Tell"/> writes to it.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Gets the properties of the terminal: its width, and whether it shows colour.</summary>
    public required Terminal Terminal { get; init; }

    /// <summary>Gets the clock, which also knows the time zone.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Gets the function that opens a device for the register commands.</summary>
    public Func<PciAddress, VfioOpenOptions, VfioDevice> OpenDevice { get; init; } = VfioDevice.Open;

    /// <summary>
    /// Gets the function that loads the names of vendors and devices; it is called at their first use only.
    /// </summary>
    public Func<PciNames> LoadNames { get; init; } = () => PciNames.Load();

    /// <summary>Gets the function that finds the register maps of a device.</summary>
    public Func<PciDeviceInfo, IReadOnlyList<RegisterMap>> LoadRegisters { get; init; } = KnownRegisters.For;

    /// <summary>Gets the function that opens standard input.</summary>
    public Func<Stream> OpenInput { get; init; } = () => Stream.Null;

    /// <summary>
    /// Gets the function that finds the keyboard; it returns <see langword="null"/> if standard input or output is not
    /// a terminal.
    /// </summary>
    public Func<IKeyboard?> FindKeyboard { get; init; } = () => null;

    /// <summary>Gets whether this process runs as root.</summary>
    public bool IsRoot { get; init; } = Environment.IsPrivilegedProcess;

    /// <summary>Gets whether standard input is a terminal, so that a user can be asked a question.</summary>
    public bool HasTerminal { get; init; }

    /// <summary>Gets the function that reads an environment variable.</summary>
    public Func<string, string?> FindVariable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>
    /// Gets the function that tells whether this process is in the terminal's foreground process group.
    /// </summary>
    public Func<bool> IsForegroundJob { get; init; } = ForegroundJob.IsOurs;

    /// <summary>Gets the function that leaves the terminal's session, for a process that outlives it.</summary>
    public Func<bool> LeaveSession { get; init; } = () => true;

    /// <summary>
    /// Gets the function that starts the guardian: the process that binds and releases devices for <c>vfio run</c>.
    /// </summary>
    public Func<CliHost, GuardianOrder, IGuardian> StartGuardian { get; init; } = GuardianProcess.Start;

    /// <summary>
    /// Gets the command that writes kernel attributes for this process; <see langword="null"/> to use a shell.
    /// </summary>
    public IReadOnlyList<string>? Helper { get; init; }

    /// <summary>Gets the token that stops long operations, in addition to signals.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>
    /// Gets whether standard error is a terminal, so that the progress of long operations is shown there.
    /// </summary>
    public bool ShowsProgress { get; init; }

    /// <summary>Gets whether errors are printed with their stack trace.</summary>
    public bool Debug { get; init; }

    /// <summary>Creates the instance for the host that this process runs on.</summary>
    public static CliHost Running() => new()
    {
        Root = HostRoot.Default,
        Out = Open(descriptor: 1, autoFlush: false),
        Error = Open(descriptor: 2, autoFlush: true),
        Terminal = Terminal.OfStandardOutput(),
        OpenDevice = Environment.GetEnvironmentVariable("VFIO_BROKER") is { Length: > 0 } broker
            ? ThroughBroker(broker)
            : VfioDevice.Open,
        OpenInput = Console.OpenStandardInput,
        FindKeyboard = ConsoleKeyboard.Find,
        LeaveSession = HostProcess.LeaveSession,
        Helper = Environment.ProcessPath is null ? null : [.. Elevation.Own(), Elevation.HelperVerb],
        HasTerminal = !Console.IsInputRedirected,
        ShowsProgress = !Console.IsErrorRedirected,
        Debug = Environment.GetEnvironmentVariable("VFIO_DEBUG") == "1",
    };

    /// <summary>
    /// Returns the current local time as the text that begins each line of <c>watch</c> and <c>irq</c>.
    /// </summary>
    public string TimeOfDay() => TimeZoneInfo.ConvertTime(Clock.GetUtcNow(), Clock.LocalTimeZone)
        .ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    /// <summary>Writes a line to standard error, after everything that was printed before.</summary>
    public void Tell(string line)
    {
        Out.Flush();
        try
        {
            Error.WriteLine(line);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Standard error is closed; only the exit code can report the result.
        }
    }

    // A device that joins the address space of another one is opened next to it: a device from a broker comes with its
    // own address space.
    private static Func<PciAddress, VfioOpenOptions, VfioDevice> ThroughBroker(string socketPath) =>
        (address, options) =>
            options.AddressSpace is null
                ? VfioDevice.OpenThroughBroker(address, socketPath, options)
                : VfioDevice.Open(address, options);

    // If the process was started with the descriptor closed (">&-"), the runtime may have used its number for one of
    // its own files, such as the source of random numbers. Such a file is open for reading only.
    private static bool IsForeign(int descriptor)
    {
        const int AccessMode = 3;
        string path = $"/proc/self/fdinfo/{descriptor}";
        string? flags = File.Exists(path)
            ? File.ReadLines(path).FirstOrDefault(line => line.StartsWith("flags:", StringComparison.Ordinal))
            : null;
        return flags is not null && (Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & AccessMode) == 0;
    }

    private static StreamWriter Open(int descriptor, bool autoFlush)
    {
        Stream stream = Stream.Null;
        try
        {
            if (IsForeign(descriptor))
            {
                return new StreamWriter(stream);
            }

            // Terminals and pipes do not use Console's stream, because its first write switches the terminal into
            // another mode. Files do use it, because it moves the file position, from which the next command continues.
            FileStream file = new(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            stream = file;
            if (file.CanSeek)
            {
                stream = descriptor == 1 ? Console.OpenStandardOutput() : Console.OpenStandardError();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // The process was started with the descriptor closed (">&-"), so the output is discarded.
        }

        UTF8Encoding encoding = new(encoderShouldEmitUTF8Identifier: false);
        return new StreamWriter(stream, encoding, OutputBufferBytes) { AutoFlush = autoFlush, NewLine = "\n" };
    }
}
