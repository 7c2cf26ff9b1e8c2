using System.Diagnostics;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Waits until nobody holds devices any more, one after the other, all in one time.</summary>
internal sealed class HolderWait(HolderPatience? patience, IHostChanges changes)
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>Waits for one device. Where the time is over, it returns all the same: whoever goes on looks again.</summary>
    public void For(PciAddress device, Func<IReadOnlyList<DeviceHolder>> find)
    {
        if (patience is null || patience.Time <= TimeSpan.Zero || patience.Stop.IsCancellationRequested)
        {
            return;
        }

        IReadOnlyList<DeviceHolder> holders = find();
        if (holders.Count == 0)
        {
            return;
        }

        patience.Told?.Invoke(device, holders);
        for (TimeSpan left = Left(); left > TimeSpan.Zero && !patience.Stop.IsCancellationRequested && find().Count != 0; left = Left())
        {
            // Each look goes through all descriptors of all processes.
            changes.WaitUntil(() => patience.Stop.IsCancellationRequested, left < Step ? left : Step);
        }
    }

    private TimeSpan Left() => patience!.Time - Stopwatch.GetElapsedTime(_start);
}
