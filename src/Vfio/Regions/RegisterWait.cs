using System.Globalization;

namespace Vfio;

/// <summary>Looks at a register until it has a value.</summary>
internal static class RegisterWait
{
    /// <summary>Waits on this thread.</summary>
    public static ulong Wait<TCondition>(
        Region region,
        ulong offset,
        TCondition condition,
        TimeSpan timeout,
        CancellationToken cancellationToken)
        where TCondition : struct, IRegisterCondition
    {
        DeviceWait wait = new(region.DeviceClock, timeout);
        ulong raw;
        while (!TryEnd(wait.IsOver, region, offset, condition, timeout, out raw))
        {
            cancellationToken.ThrowIfCancellationRequested();
            wait.Sleep();
        }

        return raw;
    }

    /// <summary>Waits without a thread.</summary>
    public static async ValueTask<ulong> WaitAsync<TCondition>(
        Region region,
        ulong offset,
        TCondition condition,
        TimeSpan timeout,
        CancellationToken cancellationToken)
        where TCondition : struct, IRegisterCondition
    {
        DeviceWait wait = new(region.DeviceClock, timeout);
        ulong raw;
        while (!TryEnd(wait.IsOver, region, offset, condition, timeout, out raw))
        {
            await Task.Delay(DeviceWait.MostPause, wait.Clock, cancellationToken).ConfigureAwait(false);
        }

        return raw;
    }

    private static bool TryEnd<TCondition>(
        bool isOver, Region region, ulong offset, TCondition condition, TimeSpan timeout, out ulong raw)
        where TCondition : struct, IRegisterCondition
    {
        raw = region.ReadAnswer(offset, condition.Width);
        if (condition.IsMet(raw))
        {
            return true;
        }

        return isOver
            ? throw new TimeoutException(string.Create(
                CultureInfo.InvariantCulture,
                $"{region.Describe(offset)} is 0x{raw.ToString($"x{2 * condition.Width}")} after "
                + $"{timeout.TotalMilliseconds} ms; {condition.Describe()}"))
            : false;
    }
}
