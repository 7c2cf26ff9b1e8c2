using System.Numerics;
using Vfio.Pci;

namespace Vfio;

// Waits for the value of a register.
public sealed partial class Region
{
    /// <summary>Gets the clock of the device, if it is not the host's.</summary>
    internal IDeviceClock? DeviceClock => _backend as IDeviceClock;

    /// <summary>Waits until bits of a register have a value, by looking at it again and again.</summary>
    /// <remarks>
    /// The time is that of the device: for a device model with a <c>ModelClock</c>, this call advances the clock while
    /// it waits, so that a test takes no time. The thread first looks without a break, and sleeps for a millisecond at
    /// a time after the first 0.1 ms or so. Each look is one access; a register that is changed by reads is not for
    /// this.
    /// </remarks>
    /// <typeparam name="T">The register's value.</typeparam>
    /// <param name="register">The register.</param>
    /// <param name="mask">The bits to look at.</param>
    /// <param name="value">What they are waited to be; other bits of it are 0.</param>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The register's value.</returns>
    /// <exception cref="TimeoutException">The bits did not have the value in time.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The timeout is negative, or the register is not within the region.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// The register is not aligned to its width, or the value has bits outside the mask.
    /// </exception>
    /// <exception cref="NotSupportedException">The region cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The region or its device was disposed, before or during the wait.
    /// </exception>
    /// <exception cref="VfioException">The device does not answer, or was removed.</exception>
    public T WaitFor<T>(
        Register<T> register, T mask, T value, TimeSpan timeout, CancellationToken cancellationToken = default)
        where T : struct, IRegisterValue<T> => T.FromRaw(RegisterWait.Wait(
            this, register.Offset, new MaskCondition(T.Width, mask.Raw, value.Raw), timeout, cancellationToken));

    /// <summary>Waits until a register has a value that a function accepts.</summary>
    /// <param name="register">The register.</param>
    /// <param name="predicate">Gets whether the value is the one to wait for.</param>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="WaitFor{T}(Register{T}, T, T, TimeSpan, CancellationToken)"/>
    public T WaitFor<T>(
        Register<T> register, Func<T, bool> predicate, TimeSpan timeout, CancellationToken cancellationToken = default)
        where T : struct, IRegisterValue<T>
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return T.FromRaw(RegisterWait.Wait(
            this, register.Offset, new ValueCondition<T>(predicate), timeout, cancellationToken));
    }

    /// <summary>Waits until bits of the register at an offset have a value.</summary>
    /// <typeparam name="T">An unsigned integer of the register's width.</typeparam>
    /// <param name="offset">The offset in bytes; a multiple of the width.</param>
    /// <param name="mask">The bits to look at.</param>
    /// <param name="value">What they are waited to be; other bits of it are 0.</param>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="WaitFor{T}(Register{T}, T, T, TimeSpan, CancellationToken)"/>
    public T WaitFor<T>(
        ulong offset, T mask, T value, TimeSpan timeout, CancellationToken cancellationToken = default)
        where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T> => T.CreateTruncating(RegisterWait.Wait(
            this, offset, MaskOf(mask, value), timeout, cancellationToken));

    /// <summary>Waits until the register at an offset has a value that a function accepts.</summary>
    /// <typeparam name="T">An unsigned integer of the register's width.</typeparam>
    /// <param name="offset">The offset in bytes; a multiple of the width.</param>
    /// <param name="predicate">Gets whether the value is the one to wait for.</param>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="WaitFor{T}(Register{T}, T, T, TimeSpan, CancellationToken)"/>
    public T WaitFor<T>(
        ulong offset, Func<T, bool> predicate, TimeSpan timeout, CancellationToken cancellationToken = default)
        where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return T.CreateTruncating(RegisterWait.Wait(
            this, offset, new NumberCondition<T>(predicate), timeout, cancellationToken));
    }

    /// <summary>
    /// Waits until bits of a register have a value, without a thread: a timer looks at the register every millisecond.
    /// With a <c>ModelClock</c>, the test advances the clock.
    /// </summary>
    /// <inheritdoc cref="WaitFor{T}(Register{T}, T, T, TimeSpan, CancellationToken)"/>
    public async ValueTask<T> WaitForAsync<T>(
        Register<T> register, T mask, T value, TimeSpan timeout, CancellationToken cancellationToken = default)
        where T : struct, IRegisterValue<T> => T.FromRaw(await RegisterWait.WaitAsync(
            this, register.Offset, new MaskCondition(T.Width, mask.Raw, value.Raw), timeout, cancellationToken)
            .ConfigureAwait(false));

    /// <summary>
    /// Waits until a register has a value that a function accepts, without a thread: a timer looks at the register
    /// every millisecond. With a <c>ModelClock</c>, the test advances the clock.
    /// </summary>
    /// <inheritdoc cref="WaitFor{T}(Register{T}, Func{T, bool}, TimeSpan, CancellationToken)"/>
    public async ValueTask<T> WaitForAsync<T>(
        Register<T> register, Func<T, bool> predicate, TimeSpan timeout, CancellationToken cancellationToken = default)
        where T : struct, IRegisterValue<T>
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return T.FromRaw(await RegisterWait.WaitAsync(
            this, register.Offset, new ValueCondition<T>(predicate), timeout, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>
    /// Waits until bits of the register at an offset have a value, without a thread, as the other overloads do.
    /// </summary>
    /// <inheritdoc cref="WaitFor{T}(ulong, T, T, TimeSpan, CancellationToken)"/>
    public async ValueTask<T> WaitForAsync<T>(
        ulong offset, T mask, T value, TimeSpan timeout, CancellationToken cancellationToken = default)
        where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T> => T.CreateTruncating(await RegisterWait.WaitAsync(
            this, offset, MaskOf(mask, value), timeout, cancellationToken).ConfigureAwait(false));

    /// <summary>
    /// Waits until the register at an offset has a value that a function accepts, without a thread, as the other
    /// overloads do.
    /// </summary>
    /// <inheritdoc cref="WaitFor{T}(ulong, Func{T, bool}, TimeSpan, CancellationToken)"/>
    public async ValueTask<T> WaitForAsync<T>(
        ulong offset, Func<T, bool> predicate, TimeSpan timeout, CancellationToken cancellationToken = default)
        where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return T.CreateTruncating(await RegisterWait.WaitAsync(
            this, offset, new NumberCondition<T>(predicate), timeout, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>
    /// Reads a register, and throws if the device does not answer, however the region was opened: all ones, or memory
    /// in the device's place, could otherwise be taken for the value that is waited for.
    /// </summary>
    internal ulong ReadAnswer(ulong offset, int width)
    {
        ulong raw = ReadRaw(offset, width);
        CheckAnswer("wait", offset, mayBeLost: raw == ulong.MaxValue >> (64 - (8 * width)));
        return raw;
    }

    internal string Describe(ulong offset) => $"{Index.Describe()}+0x{offset:x} of {_deviceName}";

    private static MaskCondition MaskOf<T>(T mask, T value)
        where T : unmanaged, IBinaryInteger<T> =>
        new(mask.GetByteCount(), ulong.CreateTruncating(mask), ulong.CreateTruncating(value));
}
