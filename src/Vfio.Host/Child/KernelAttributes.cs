namespace Vfio.Host;

/// <summary>
/// Kernel attributes whose reading or writing may block: a child process does it. A child that does not answer in time is given up, and the
/// next request goes to another.
/// </summary>
/// <param name="helper">The program that does it (<c>BindOptions.Helper</c>); <see langword="null"/> for a shell.</param>
internal sealed class KernelAttributes(IReadOnlyList<string>? helper)
{
    /// <summary>What to do about a change of another program's that hangs.</summary>
    public const string BusyHint = "ps -eo pid,state,args shows who changes it, in state D or S; end the program that holds the device: vfio status DEV names it";

    private static readonly TimeSpan ReadPatience = TimeSpan.FromSeconds(2);

    private AttributeChild? _child;

    /// <summary>Gets the process that gets the next request.</summary>
    public ProcessIdentity Child => Start().Identity;

    /// <summary>Reads an attribute.</summary>
    /// <returns>Its first line; <see langword="null"/> if it cannot be read.</returns>
    /// <exception cref="VfioException">The kernel does not answer.</exception>
    public string? Read(string path)
    {
        // Absent for most devices and most hosts; a process is not needed to see that.
        if (!File.Exists(path))
        {
            return null;
        }

        AttributeAnswer? answer = GiveUpUnanswered(Start().Read(path, new AttributeWait(ReadPatience)));
        return answer is null
            ? throw new VfioException(
                "read", path, "the kernel does not answer: an unbind or bind of the device has not ended", BusyHint)
            : answer.Errno == 0 ? answer.Text : null;
    }

    /// <summary>Writes an attribute in one call; an empty value as a line end.</summary>
    /// <returns>The answer; <see langword="null"/> if there is none in time.</returns>
    public AttributeAnswer? Write(string path, string value, AttributeWait wait)
    {
        AttributeAnswer? answer = GiveUpUnanswered(Start().Write(path, value, wait));
        if (answer is { Errno: null })
        {
            EndChild(); // a shell may go on, an ended child does not
        }

        return answer;
    }

    /// <summary>Lets the child end, after the request that it has, if any.</summary>
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
