using System.Diagnostics;
using System.Globalization;

namespace Vfio.Host;

/// <summary>Settings for waiting for the answer of a child process.</summary>
/// <param name="Time">The greatest time to wait.</param>
internal sealed record AttributeWait(TimeSpan Time)
{
    /// <summary>After how long <see cref="Slow"/> is called.</summary>
    public static readonly TimeSpan UntilSlow = TimeSpan.FromSeconds(2);

    /// <summary>Called once, if there is no answer after <see cref="UntilSlow"/>.</summary>
    public Action? Slow { get; init; }

    /// <summary>
    /// Ends the wait as if the time were over, but not before <see cref="UntilSlow"/>, so that what the kernel does
    /// quickly is not interrupted.
    /// </summary>
    public CancellationToken Stop { get; init; }
}

/// <summary>The answer of a child process.</summary>
/// <param name="Errno">0 if it worked; <see langword="null"/> if it failed and the errno is not known.</param>
/// <param name="Text">The text that it read, or why it failed.</param>
internal sealed record AttributeAnswer(int? Errno, string Text);

/// <summary>
/// A child process that reads and writes kernel attributes, one after the other. The kernel may block such a call for
/// as long as some program holds a device, and then not even SIGKILL ends the process that made the call, so it must
/// not be this process. The child process runs <see cref="AttributeServer"/> or a shell script.
/// </summary>
/// <remarks>
/// The child process ends when its standard input is closed, by the disposal of this object or the end of this process.
/// Not thread-safe.
/// </remarks>
internal sealed class AttributeChild : IDisposable
{
    private const int StartAttempts = 3;
    private const int MostAnswerLines = 64;

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    // The same protocol as AttributeServer's. The shell itself makes the write; the ID of a process that it started
    // could not be recorded before it blocks.
    private const string Script = """
        trap '' HUP INT QUIT TERM
        exec 2>&1
        echo ready
        while IFS= read -r verb && IFS= read -r path && IFS= read -r value; do
            if [ "$verb" = read ]; then
                if IFS= read -r value < "$path" || [ -n "$value" ]; then
                    printf '=%s\n' "$value"
                    echo 0
                else
                    echo '?'
                fi
            else
                [ -n "$value" ] || value='
        '
                if printf %s "$value" > "$path"; then echo 0; else echo '?'; fi
            fi
        done
        """;

    private readonly Process _process;

    private AttributeChild(Process process, ProcessIdentity identity) => (_process, Identity) = (process, identity);

    /// <summary>Gets the identity of the process, for the journal entry.</summary>
    public ProcessIdentity Identity { get; }

    /// <summary>Starts a child process, and waits until it ignores all signals but SIGKILL.</summary>
    /// <param name="helper">A program and its arguments; <see langword="null"/> for the shell script.</param>
    /// <exception cref="VfioException">The child process cannot be started, or ended at once.</exception>
    public static AttributeChild Start(IReadOnlyList<string>? helper)
    {
        string[] line = helper is null ? ["/bin/sh", "-c", Script] : [.. helper];
        for (int attempt = 1; ; attempt++)
        {
            Process process = StartProcess(line);
            // A signal to the whole process group may have ended it before it ignored signals.
            Task<string?> ready = Task.Run(() => TryReadLine(process));
            if (ready.Wait(StartPatience)
                && ready.Result == AttributeServer.Ready
                && ProcessIdentity.Find(HostRoot.Default, process.Id) is ProcessIdentity identity)
            {
                return new AttributeChild(process, identity);
            }

            process.Dispose();
            if (attempt == StartAttempts)
            {
                throw new VfioException(
                    "start",
                    line[0],
                    $"it did not answer '{AttributeServer.Ready}'",
                    "check that the program calls BindingHelper.Run");
            }
        }
    }

    /// <summary>Reads an attribute.</summary>
    /// <returns>
    /// The answer; <see langword="null"/> if it does not come in time. The caller must then abandon the child process.
    /// </returns>
    public AttributeAnswer? Read(string path, AttributeWait wait) => Ask(AttributeServer.ReadVerb, path, "", wait);

    /// <summary>
    /// Writes an attribute in one call. An empty value is written as a newline, which the kernel reads as an empty
    /// value.
    /// </summary>
    /// <inheritdoc cref="Read"/>
    public AttributeAnswer? Write(string path, string value, AttributeWait wait) =>
        Ask(AttributeServer.WriteVerb, path, value, wait);

    /// <summary>Lets the child process end, after the call that it is blocked in, if any.</summary>
    public void Dispose()
    {
        try
        {
            _process.StandardInput.Dispose();
        }
        catch (IOException)
        {
            // The child process ended before it had read everything.
        }

        _process.Dispose();
    }

    private AttributeAnswer? Ask(string verb, string path, string value, AttributeWait wait)
    {
        if (path.Contains('\n', StringComparison.Ordinal) || value.Contains('\n', StringComparison.Ordinal))
        {
            throw new VfioException(verb, path, "the path or value contains a newline");
        }

        try
        {
            _process.StandardInput.Write($"{verb}\n{path}\n{value}\n");
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            return Ended;
        }

        // If no answer comes, this task is left waiting on a pipe, which does not keep the process from ending.
        Task<AttributeAnswer> answer = Task.Run(ReadAnswer);
        TimeSpan first = wait.Time < AttributeWait.UntilSlow ? wait.Time : AttributeWait.UntilSlow;
        if (answer.Wait(first))
        {
            return answer.Result;
        }

        wait.Slow?.Invoke();
        try
        {
            return answer.Wait(wait.Time - first, wait.Stop) ? answer.Result : null;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private static AttributeAnswer Ended => new(null, "the child process ended before it answered");

    private AttributeAnswer ReadAnswer()
    {
        List<string> text = [];
        while (text.Count < MostAnswerLines && TryReadLine(_process) is string line)
        {
            if (line == AttributeServer.Unknown
                || int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                int? errno = line == AttributeServer.Unknown ? null : int.Parse(line, CultureInfo.InvariantCulture);
                return new AttributeAnswer(errno, string.Join('\n', text));
            }

            text.Add(line.StartsWith(AttributeServer.TextMark) ? line[1..] : line);
        }

        return Ended;
    }

    private static string? TryReadLine(Process process)
    {
        try
        {
            return process.StandardOutput.ReadLine();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            return null; // it has ended, or was abandoned
        }
    }

    // The child process inherits none of this process's descriptors, so that a reader of this process's output does not
    // have to wait for the child process too.
    private static Process StartProcess(string[] line)
    {
        ProcessStartInfo start = new(line[0], line[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        try
        {
            Process process = Process.Start(start)
                ?? throw new VfioException("start", line[0], "no process was started");
            process.StandardError.Dispose();
            return process;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new VfioException(
                "start",
                line[0],
                e.NativeErrorCode,
                "check that BindOptions.Helper names an executable program; it writes kernel attributes");
        }
    }
}
