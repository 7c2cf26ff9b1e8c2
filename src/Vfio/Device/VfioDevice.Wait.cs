using System.Globalization;

namespace Vfio;

// Waits for what a device does in memory.
public sealed partial class VfioDevice
{
    /// <summary>
    /// Waits until a condition holds, by evaluating it again and again: for a completion in memory, for example. For a
    /// register there is <see cref="Region.WaitFor{T}(ulong, T, T, TimeSpan, CancellationToken)"/>, and for an
    /// interrupt <see cref="InterruptVector.Wait(TimeSpan, TimeSpan)"/>.
    /// </summary>
    /// <remarks>
    /// The time is that of the device: for a device model with a <c>ModelClock</c>, this call advances the clock while
    /// it waits, so that a test takes no time. The thread first looks without a break, and sleeps for a millisecond at
    /// a time after the first 0.1 ms or so.
    /// </remarks>
    /// <param name="condition">Gets whether what is waited for has happened.</param>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TimeoutException">The condition did not hold in time.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is negative.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed, before or during the wait.</exception>
    /// <exception cref="VfioException">The device was removed.</exception>
    public void WaitFor(Func<bool> condition, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        DeviceWait wait = new(_backend as IDeviceClock, timeout);
        while (!TryEnd(condition, wait.IsOver, wait.IsSlow, timeout))
        {
            cancellationToken.ThrowIfCancellationRequested();
            wait.Sleep();
        }
    }

    /// <summary>
    /// Waits until a condition holds, without a thread: a timer evaluates it every millisecond. With a
    /// <c>ModelClock</c>, the test advances the clock.
    /// </summary>
    /// <returns>A task that ends when the condition holds.</returns>
    /// <inheritdoc cref="WaitFor(Func{bool}, TimeSpan, CancellationToken)"/>
    public async ValueTask WaitForAsync(
        Func<bool> condition, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        DeviceWait wait = new(_backend as IDeviceClock, timeout);
        while (!TryEnd(condition, wait.IsOver, isSlow: true, timeout))
        {
            await Task.Delay(DeviceWait.MostPause, wait.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private bool TryEnd(Func<bool> condition, bool isOver, bool isSlow, TimeSpan timeout)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (condition())
        {
            return true;
        }

        if ((isOver || isSlow) && _backend.IsLost())
        {
            throw new VfioException("wait", Name, "the device was removed from the bus", "dispose the device");
        }

        return isOver
            ? throw new TimeoutException(string.Create(
                CultureInfo.InvariantCulture,
                $"{Name} has not done in {timeout.TotalMilliseconds} ms what was waited for"))
            : false;
    }
}
