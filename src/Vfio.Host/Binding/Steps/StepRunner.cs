namespace Vfio.Host;

/// <summary>
/// Runs the steps of a plan, and holds the host's lock during those that change what all devices share: not during the others, in which the
/// kernel may block.
/// </summary>
internal sealed class StepRunner(HostContext context) : IDisposable
{
    private IDisposable? _host;

    /// <summary>Locks the host, until a step that is not shared, or <see cref="Dispose"/>.</summary>
    public void Share() => _host ??= context.Journal.LockHost(context.Changes);

    public void Run(IEnumerable<BindingStep> steps)
    {
        foreach (BindingStep step in steps)
        {
            Run(step);
        }
    }

    public void Run(BindingStep step)
    {
        if (step.IsShared)
        {
            Share();
        }
        else
        {
            Dispose();
        }

        step.Run();
    }

    /// <summary>Unlocks the host. More can be run.</summary>
    public void Dispose()
    {
        _host?.Dispose();
        _host = null;
    }
}
