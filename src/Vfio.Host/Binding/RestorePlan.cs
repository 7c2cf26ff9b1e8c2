namespace Vfio.Host;

/// <summary>What restoring a device takes.</summary>
/// <param name="Device">The steps that concern the device alone, in which the kernel may block.</param>
/// <param name="Shared">Computes the steps after those, which concern what devices share: with the host's lock held, because other devices decide what they are.</param>
internal sealed record RestorePlan(IReadOnlyList<BindingStep> Device, Func<IReadOnlyList<BindingStep>> Shared)
{
    /// <summary>All steps, as they would be now.</summary>
    public IEnumerable<BindingStep> All => [.. Device, .. Shared()];

    public void Run(StepRunner runner)
    {
        runner.Run(Device);
        runner.Share();
        runner.Run(Shared());
    }
}
