using System.Globalization;
using System.Text;
using Vfio.Host;
using Vfio.Pci;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Cli;

/// <summary>Everything a command touches besides the library: the host, the two outputs, the terminal, the clock.</summary>
/// <remarks>Tests make their own; the tool itself has only <see cref="Running"/>, and no variable or option that changes it, but for VFIO_BROKER: through whom devices are opened.</remarks>
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
    public Func<PciAddress, VfioOpenOptions, VfioDevice> OpenDevice { get; init; } = VfioDevice.Open;

    /// <summary>Where the names of vendors and devices are looked for; read at the first use only.</summary>
    public Func<PciNames> LoadNames { get; init; } = () => PciNames.Load();

    /// <summary>What the registers of a device are called.</summary>
    public Func<PciDeviceInfo, IReadOnlyList<RegisterMap>> LoadRegisters { get; init; } = KnownRegisters.For;

    /// <summary>Opens standard input.</summary>
    public Func<Stream> OpenInput { get; init; } = () => Stream.Null;

    /// <summary>The person's keys; <see langword="null"/> where standard input or output is no terminal.</summary>
    public Func<IKeyboard?> FindKeyboard { get; init; } = () => null;

    /// <summary>Whether this process may do everything.</summary>
    public bool IsRoot { get; init; } = Environment.IsPrivilegedProcess;

    /// <summary>Whether standard input is a terminal, where a person can be asked.</summary>
    public bool HasTerminal { get; init; }

    /// <summary>A variable of the environment.</summary>
    public Func<string, string?> FindVariable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>Whether the terminal's keyboard reaches this process.</summary>
    public Func<bool> IsForegroundJob { get; init; } = ForegroundJob.IsOurs;

    /// <summary>Leaves the terminal's session, for a process that outlives it.</summary>
    public Func<bool> LeaveSession { get; init; } = () => true;

    /// <summary>Starts who takes devices for <c>vfio run</c>.</summary>
    public Func<CliHost, GuardianOrder, IGuardian> StartGuardian { get; init; } = GuardianProcess.Start;

    /// <summary>What writes kernel attributes for this process; <see langword="null"/> for a shell.</summary>
    public IReadOnlyList<string>? Helper { get; init; }

    /// <summary>Asks long work to stop, besides signals.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>Whether a person watches standard error, and wants to know how far long work is.</summary>
    public bool ShowsProgress { get; init; }

    /// <summary>Whether errors come with their stack trace.</summary>
    public bool Debug { get; init; }

    /// <summary>The host this process runs on.</summary>
    public static CliHost Running() => new()
    {
        Root = HostRoot.Default,
        Out = Open(descriptor: 1, autoFlush: false),
        Error = Open(descriptor: 2, autoFlush: true),
        Terminal = Terminal.OfStandardOutput(),
        OpenDevice = Environment.GetEnvironmentVariable("VFIO_BROKER") is { Length: > 0 } broker ? ThroughBroker(broker) : VfioDevice.Open,
        OpenInput = Console.OpenStandardInput,
        FindKeyboard = ConsoleKeyboard.Find,
        LeaveSession = HostProcess.LeaveSession,
        Helper = Environment.ProcessPath is null ? null : [.. Elevation.Own(), Elevation.HelperVerb],
        HasTerminal = !Console.IsInputRedirected,
        ShowsProgress = !Console.IsErrorRedirected,
        Debug = Environment.GetEnvironmentVariable("VFIO_DEBUG") == "1",
    };

    /// <summary>The time now, where the host is, as lines of what is watched begin with it.</summary>
    public string TimeOfDay() => TimeZoneInfo.ConvertTime(Clock.GetUtcNow(), Clock.LocalTimeZone).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    /// <summary>Writes a line for the person, on standard error, after all that was printed before.</summary>
    public void Tell(string line)
    {
        Out.Flush();
        try
        {
            Error.WriteLine(line);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nobody can be told; the exit code still says how it went.
        }
    }

    // A device that joins another's address space is opened beside it: a broker's bring their own.
    private static Func<PciAddress, VfioOpenOptions, VfioDevice> ThroughBroker(string socketPath) => (address, options) =>
        options.AddressSpace is null ? VfioDevice.OpenThroughBroker(address, socketPath, options) : VfioDevice.Open(address, options);

    // Started with the descriptor closed (">&-"), the runtime may have got its number for a file of its own, such as the source of
    // random numbers: that is open for reading alone.
    private static bool IsForeign(int descriptor)
    {
        const int AccessMode = 3;
        string path = $"/proc/self/fdinfo/{descriptor}";
        string? flags = File.Exists(path) ? File.ReadLines(path).FirstOrDefault(line => line.StartsWith("flags:", StringComparison.Ordinal)) : null;
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

            // For terminals and pipes not Console's stream: its first write switches the terminal into another mode. For files
            // Console's, which moves the position that the next command goes on from.
            FileStream file = new(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            stream = file;
            if (file.CanSeek)
            {
                stream = descriptor == 1 ? Console.OpenStandardOutput() : Console.OpenStandardError();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Started with the descriptor closed (">&-"): whoever did that wants to read nothing.
        }

        UTF8Encoding encoding = new(encoderShouldEmitUTF8Identifier: false);
        return new StreamWriter(stream, encoding, OutputBufferBytes) { AutoFlush = autoFlush, NewLine = "\n" };
    }
}
