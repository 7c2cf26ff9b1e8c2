using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Settings for waiting for programs that hold or change a device: how long, and what to call meanwhile.
/// </summary>
public sealed record HolderWait
{
    /// <summary>Creates an instance.</summary>
    /// <param name="timeout">
    /// The greatest time to wait, for all devices together; zero to not wait. Nothing is changed during that time. If
    /// the kernel itself then has to wait, as with <see cref="ReleaseOptions.Force"/>, it gets this time again: at
    /// least 2 s if the holder is known, otherwise 30 s.
    /// </param>
    public HolderWait(TimeSpan timeout) => Timeout = timeout;

    /// <summary>
    /// The greatest time to wait, for all devices together; zero to not wait. Nothing is changed during that time. If
    /// the kernel itself then has to wait, as with <see cref="ReleaseOptions.Force"/>, it gets this time again: at
    /// least 2 s if the holder is known, otherwise 30 s.
    /// </summary>
    public TimeSpan Timeout { get; init; }

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Called once for each device before waiting for it, with the device and its holders. Runs on the calling thread.
    /// </summary>
    public Action<PciAddress, IReadOnlyList<DeviceHolder>>? Waiting { get; init; }

    /// <summary>
    /// Called once for each write that the kernel has not completed after two seconds, with the device and what the
    /// kernel waits for. Runs on the calling thread.
    /// </summary>
    public Action<PciAddress, string>? Delayed { get; init; }

    /// <summary>
    /// Ends every wait as if the time were over: for programs that hold a device, for programs that change it, and for
    /// the kernel.
    /// </summary>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>
    /// Computes a plan, and computes it again as long as it is refused because programs hold devices
    /// (<see cref="Refusal.Holders"/>), for at most <see cref="Timeout"/>.
    /// </summary>
    /// <typeparam name="TPlan">The kind of plan.</typeparam>
    /// <param name="compute">Computes the plan.</param>
    /// <returns>The last plan. If the time is over, it is still refused.</returns>
    public TPlan Wait<TPlan>(Func<TPlan> compute)
        where TPlan : ChangePlan
    {
        ArgumentNullException.ThrowIfNull(compute);
        TPlan plan = compute();
        HashSet<PciAddress> told = [];
        long start = TimeProvider.System.GetTimestamp();
        for (TimeSpan left = Timeout;
            left > TimeSpan.Zero && !CancellationToken.IsCancellationRequested;
            left = Timeout - TimeProvider.System.GetElapsedTime(start))
        {
            Refusal[] held = [.. plan.Refusals.Where(refusal => refusal.Holders.Count != 0)];
            if (held.Length == 0)
            {
                break;
            }

            foreach (IGrouping<PciAddress, Refusal> device in held.GroupBy(refusal => refusal.Device)
                .Where(device => told.Add(device.Key)))
            {
                Waiting?.Invoke(
                    device.Key,
                    [.. device.SelectMany(refusal => refusal.Holders).DistinctBy(holder => holder.ProcessId)]);
            }

            // Computing the plan searches the file descriptors of all processes, so do not do it too often.
            CancellationToken.WaitHandle.WaitOne(left < Step ? left : Step);
            plan = compute();
        }

        return plan;
    }
}
