using Vfio.Pci;

namespace Vfio.Host;

/// <summary>How long to wait for programs that hold a device, or are changing it, and what happens meanwhile.</summary>
public sealed record HolderWait
{
    /// <summary>Creates an instance.</summary>
    /// <param name="timeout">
    /// For how long at most, all devices together; zero for not at all. Nothing is changed during that time. If the kernel itself then has to wait, as with
    /// <see cref="ReleaseOptions.Force"/>, it is given this time again: at least 2 s if the program is known, otherwise 30 s.
    /// </param>
    public HolderWait(TimeSpan timeout) => Timeout = timeout;

    /// <summary>
    /// For how long at most, all devices together; zero for not at all. Nothing is changed during that time. If the kernel itself then has to wait, as with
    /// <see cref="ReleaseOptions.Force"/>, it is given this time again: at least 2 s if the program is known, otherwise 30 s.
    /// </summary>
    public TimeSpan Timeout { get; init; }

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    /// <summary>Told once for each device, before it is waited for: the device and who holds it. On the calling thread.</summary>
    public Action<PciAddress, IReadOnlyList<DeviceHolder>>? Waiting { get; init; }

    /// <summary>Called once for each write that the kernel has not completed after two seconds: the device, and what the kernel waits for. On the calling thread.</summary>
    public Action<PciAddress, string>? Delayed { get; init; }

    /// <summary>Ends the waiting, for programs that hold a device, for other programs that change it, and for the kernel, as if the time were over.</summary>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>Computes a plan, and again as long as it is refused because programs hold devices (<see cref="Refusal.Holders"/>), for <see cref="Timeout"/> at most.</summary>
    /// <typeparam name="TPlan">The kind of plan.</typeparam>
    /// <param name="compute">Computes it.</param>
    /// <returns>The last plan; where the time is over it is refused still.</returns>
    public TPlan Wait<TPlan>(Func<TPlan> compute)
        where TPlan : ChangePlan
    {
        ArgumentNullException.ThrowIfNull(compute);
        TPlan plan = compute();
        HashSet<PciAddress> told = [];
        long start = TimeProvider.System.GetTimestamp();
        for (TimeSpan left = Timeout; left > TimeSpan.Zero && !CancellationToken.IsCancellationRequested; left = Timeout - TimeProvider.System.GetElapsedTime(start))
        {
            Refusal[] held = [.. plan.Refusals.Where(refusal => refusal.Holders.Count != 0)];
            if (held.Length == 0)
            {
                break;
            }

            foreach (IGrouping<PciAddress, Refusal> device in held.GroupBy(refusal => refusal.Device).Where(device => told.Add(device.Key)))
            {
                Waiting?.Invoke(device.Key, [.. device.SelectMany(refusal => refusal.Holders).DistinctBy(holder => holder.ProcessId)]);
            }

            // Each look goes through all descriptors of all processes.
            CancellationToken.WaitHandle.WaitOne(left < Step ? left : Step);
            plan = compute();
        }

        return plan;
    }
}
