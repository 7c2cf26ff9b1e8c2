namespace Vfio.Host;

/// <summary>
/// Reads and writes kernel attributes that may block, in a child process. A child process that does not answer in time
/// is abandoned, and the next request goes to a new one.
/// </summary>
/// <param name="helper">
/// The program of the child process (<c>BindOptions.Helper</c>); <see langword="null"/> for a shell script.
/// </param>
internal sealed class KernelAttributes(IReadOnlyList<string>? helper)
{
    /// <summary>The hint for a change by another program that does not end.</summary>
    public const string BusyHint = "end the program that holds the device (vfio status DEV names it); ps -eo "
        + "pid,state,args shows the program that changes it, in state D or S";

    private static readonly TimeSpan ReadPatience = TimeSpan.FromSeconds(2);

    private AttributeChild? _child;

    /// <summary>Gets the child process that receives the next request.</summary>
    public ProcessIdentity Child => Start().Identity;

    /// <summary>Reads an attribute.</summary>
    /// <returns>Its first line; <see langword="null"/> if it cannot be read.</returns>
    /// <exception cref="VfioException">The kernel does not answer.</exception>
    public string? Read(string path)
    {
        // Most devices and hosts do not have the file; no child process is needed to find that out.
        if (!File.Exists(path))
        {
            return null;
        }

        AttributeAnswer? answer = GiveUpUnanswered(Start().Read(path, new AttributeWait(ReadPatience)));
        return answer is null
            ? throw new VfioException(
                "read",
                path,
                "the kernel does not answer, because an unbind or bind of the device has not ended",
                BusyHint)
            : answer.Errno == 0 ? answer.Text : null;
    }

    /// <summary>Writes an attribute in one call; an empty value is written as a newline.</summary>
    /// <returns>The answer; <see langword="null"/> if it does not come in time.</returns>
    public AttributeAnswer? Write(string path, string value, AttributeWait wait)
    {
        AttributeAnswer? answer = GiveUpUnanswered(Start().Write(path, value, wait));
        if (answer is { Errno: null })
        {
            EndChild(); // the child process may have ended; start another
        }

        return answer;
    }

    /// <summary>Lets the child process end, after its current request, if any.</summary>
    public void EndChild()
    {
        _child?.Dispose();
        _child = null;
    }

    private AttributeChild Start()
    {
        if (_child is not null && !_child.Identity.IsAlive(HostRoot.Default))
        {
            EndChild();
        }

        return _child ??= AttributeChild.Start(helper);
    }

    private AttributeAnswer? GiveUpUnanswered(AttributeAnswer? answer)
    {
        if (answer is null)
        {
            EndChild();
        }

        return answer;
    }
}
