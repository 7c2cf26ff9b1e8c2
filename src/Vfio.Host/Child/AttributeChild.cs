using System.Diagnostics;
using System.Globalization;

namespace Vfio.Host;

/// <summary>How long to wait for a child's answer.</summary>
/// <param name="Time">For how long at most.</param>
internal sealed record AttributeWait(TimeSpan Time)
{
    /// <summary>After how long a person is told what is waited for.</summary>
    public static readonly TimeSpan UntilSlow = TimeSpan.FromSeconds(2);

    /// <summary>Called once, if there is no answer after <see cref="UntilSlow"/>.</summary>
    public Action? Slow { get; init; }

    /// <summary>Ends the waiting after <see cref="UntilSlow"/>, as if the time were over: what the kernel does at once is not cut short.</summary>
    public CancellationToken Stop { get; init; }
}

/// <summary>What a child answers.</summary>
/// <param name="Errno">0 if it worked; <see langword="null"/> if it failed and the errno is not known.</param>
/// <param name="Text">What it read, or why it failed.</param>
internal sealed record AttributeAnswer(int? Errno, string Text);

/// <summary>
/// A child process that reads and writes kernel attributes, one after the other. The kernel may block such a call for as long as some
/// program holds a device, and then not even SIGKILL ends the process that made it: that must not be this one. The child runs
/// <see cref="AttributeServer"/>, or is a shell.
/// </summary>
/// <remarks>Ends when its standard input does: with this object, or with this process. Not thread-safe.</remarks>
internal sealed class AttributeChild : IDisposable
{
    private const int StartAttempts = 3;
    private const int MostAnswerLines = 64;

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    // The same conversation as AttributeServer's. The write is the shell's own: what it started could not be named before it blocks.
    private const string Script = """
        trap '' HUP INT QUIT TERM
        exec 2>&1
        echo ready
        while IFS= read -r verb && IFS= read -r path && IFS= read -r value; do
            if [ "$verb" = read ]; then
                if IFS= read -r value < "$path" || [ -n "$value" ]; then printf '=%s\n' "$value"; echo 0; else echo '?'; fi
            else
                [ -n "$value" ] || value='
        '
                if printf %s "$value" > "$path"; then echo 0; else echo '?'; fi
            fi
        done
        """;

    private readonly Process _process;

    private AttributeChild(Process process, ProcessIdentity identity) => (_process, Identity) = (process, identity);

    /// <summary>The process, as a journal's entry can name it.</summary>
    public ProcessIdentity Identity { get; }

    /// <summary>Starts a child, and waits until no signal but SIGKILL ends it.</summary>
    /// <param name="helper">A program and its arguments; <see langword="null"/> for a shell.</param>
    /// <exception cref="VfioException">It cannot be started, or ended at once.</exception>
    public static AttributeChild Start(IReadOnlyList<string>? helper)
    {
        string[] line = helper is null ? ["/bin/sh", "-c", Script] : [.. helper];
        for (int attempt = 1; ; attempt++)
        {
            Process process = StartProcess(line);
            // A signal for the whole group may have ended it before it could ignore it.
            Task<string?> ready = Task.Run(() => TryReadLine(process));
            if (ready.Wait(StartPatience) && ready.Result == AttributeServer.Ready && ProcessIdentity.Find(HostRoot.Default, process.Id) is ProcessIdentity identity)
            {
                return new AttributeChild(process, identity);
            }

            process.Dispose();
            if (attempt == StartAttempts)
            {
                throw new VfioException("start", line[0], $"it did not answer '{AttributeServer.Ready}'", "does the program call BindingHelper.Run?");
            }
        }
    }

    /// <summary>Reads an attribute.</summary>
    /// <returns>The answer; <see langword="null"/> if there is none in time. The child must then be given up.</returns>
    public AttributeAnswer? Read(string path, AttributeWait wait) => Ask(AttributeServer.ReadVerb, path, "", wait);

    /// <summary>Writes an attribute in one call. An empty value is written as a line end, which is how the kernel is told of "nothing".</summary>
    /// <inheritdoc cref="Read"/>
    public AttributeAnswer? Write(string path, string value, AttributeWait wait) => Ask(AttributeServer.WriteVerb, path, value, wait);

    /// <summary>Lets the child end. It does so after the call that it is in, if any.</summary>
    public void Dispose()
    {
        try
        {
            _process.StandardInput.Dispose();
        }
        catch (IOException)
        {
            // It ended before it had read all.
        }

        _process.Dispose();
    }

    private AttributeAnswer? Ask(string verb, string path, string value, AttributeWait wait)
    {
        if (path.Contains('\n', StringComparison.Ordinal) || value.Contains('\n', StringComparison.Ordinal))
        {
            throw new VfioException(verb, path, "a name or value of two lines cannot be meant");
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

        // Left behind if the answer does not come: what it waits for is a pipe, which keeps no process from ending.
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
            if (line == AttributeServer.Unknown || int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out _))
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
            return null; // it has ended, or is given up
        }
    }

    // None of this process's descriptors are left to it: who reads this process's output must not wait for the child too.
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
            Process process = Process.Start(start) ?? throw new VfioException("start", line[0], "nothing was started");
            process.StandardError.Dispose();
            return process;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new VfioException("start", line[0], e.NativeErrorCode, "kernel attributes are written by a child process, which BindOptions.Helper names");
        }
    }
}
