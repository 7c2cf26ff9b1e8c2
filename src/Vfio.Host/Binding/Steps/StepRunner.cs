namespace Vfio.Host;

/// <summary>
/// Runs the steps of a plan. Holds the host's lock during steps that change what all devices share, but not during the
/// others, in which the kernel may block.
/// </summary>
internal sealed class StepRunner(HostContext context) : IDisposable
{
    private IDisposable? _host;

    /// <summary>Locks the host, until <see cref="Dispose"/> or the next step that is not shared.</summary>
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

    /// <summary>Unlocks the host. More steps can be run afterwards.</summary>
    public void Dispose()
    {
        _host?.Dispose();
        _host = null;
    }
}
