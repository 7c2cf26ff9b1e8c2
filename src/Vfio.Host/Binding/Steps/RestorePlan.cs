namespace Vfio.Host;

/// <summary>The steps that restore a device.</summary>
/// <param name="Device">The steps that concern only this device, in which the kernel may block.</param>
/// <param name="Shared">
/// Computes the steps after those, which concern what devices share. It is called under the host's lock, because the
/// steps depend on other devices.
/// </param>
internal sealed record RestorePlan(IReadOnlyList<BindingStep> Device, Func<IReadOnlyList<BindingStep>> Shared)
{
    public static RestorePlan Nothing => new([], () => []);

    /// <summary>Gets the reasons against it.</summary>
    public IReadOnlyList<BindingRefusal> Refusals { get; init; } = [];

    /// <summary>Gets all steps, computed for the state of the host now.</summary>
    public IEnumerable<BindingStep> All => [.. Device, .. Shared()];

    /// <summary>Throws if the release is refused.</summary>
    /// <exception cref="BindingRefusedException">The release is refused.</exception>
    public void ThrowIfRefused()
    {
        if (Refusals.Count != 0)
        {
            throw new BindingRefusedException("release", Refusals);
        }
    }

    /// <summary>Runs the steps.</summary>
    /// <exception cref="BindingRefusedException">The release is refused; nothing was changed.</exception>
    public void Run(StepRunner runner)
    {
        ThrowIfRefused();
        runner.Run(Device);
        runner.Share();
        runner.Run(Shared());
    }
}
