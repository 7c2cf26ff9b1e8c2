namespace Vfio.Host;

/// <summary>What restoring a device takes.</summary>
/// <param name="Device">The steps that concern the device alone, in which the kernel may block.</param>
/// <param name="Shared">Computes the steps after those, which concern what devices share: with the host's lock held, because other devices decide what they are.</param>
internal sealed record RestorePlan(IReadOnlyList<BindingStep> Device, Func<IReadOnlyList<BindingStep>> Shared)
{
    public static RestorePlan Nothing => new([], () => []);

    /// <summary>What forbids it.</summary>
    public IReadOnlyList<BindingRefusal> Refusals { get; init; } = [];

    /// <summary>All steps, as they would be now.</summary>
    public IEnumerable<BindingStep> All => [.. Device, .. Shared()];

    /// <exception cref="BindingRefusedException">It is refused.</exception>
    public void ThrowIfRefused()
    {
        if (Refusals.Count != 0)
        {
            throw new BindingRefusedException("release", Refusals);
        }
    }

    /// <exception cref="BindingRefusedException">It is refused; nothing was changed.</exception>
    public void Run(StepRunner runner)
    {
        ThrowIfRefused();
        runner.Run(Device);
        runner.Share();
        runner.Run(Shared());
    }
}
