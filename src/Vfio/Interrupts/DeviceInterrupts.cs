using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>Provides a device's interrupts: those that it has, and those that are enabled.</summary>
/// <remarks>
/// <para>Only one of INTx, MSI and MSI-X can be enabled at a time, in addition to <see cref="IrqIndex.Error"/> and
/// <see cref="IrqIndex.Request"/>. Thread-safe.</para>
/// <para>MSI and MSI-X interrupts are writes to memory, so the device sends them only while bus mastering is enabled
/// (<see cref="VfioDevice.SetBusMaster"/>).</para>
/// </remarks>
public sealed class DeviceInterrupts
{
    private readonly IDeviceBackend _backend;
    private readonly HostInterrupts? _host;
    private readonly Lock _lock = new();
    private readonly Dictionary<(IrqIndex, int), InterruptVector> _vectors = []; // under the lock
    private int _reserved; // under the lock; of MSI or MSI-X, if their number is fixed
    private InterruptLoop? _loop; // under the lock
    private bool _isDisposed; // under the lock

    internal DeviceInterrupts(IDeviceBackend backend, string deviceName, HostInterrupts? host)
    {
        _backend = backend;
        _host = host;
        DeviceName = deviceName;
    }

    internal string DeviceName { get; }

    /// <summary>Gets the thread for asynchronous waits, which the device creates for the first one.</summary>
    internal InterruptLoop Loop
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                return _loop ??= new InterruptLoop($"vfio {DeviceName}");
            }
        }
    }

    /// <summary>Gets what the kernel reports about an interrupt type.</summary>
    /// <param name="index">The interrupt type.</param>
    /// <returns>
    /// The number of vectors, 0 if the device does not have this type, and what can be done with them.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such interrupt type.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The kernel refused.</exception>
    public IrqInfo GetInfo(IrqIndex index)
    {
        if (index is < IrqIndex.Intx or > IrqIndex.Request)
        {
            throw new ArgumentOutOfRangeException(nameof(index), index, "unknown interrupt type");
        }

        try
        {
            IrqInfo info = _backend.GetInterruptInfo(index);
            return info.Count <= MostOf(index)
                ? info
                : throw new VfioException(
                    "VFIO_DEVICE_GET_IRQ_INFO",
                    DeviceName,
                    $"the kernel reports {info.Count} {index} interrupts, but a device has at most {MostOf(index)}");
        }
        catch (VfioException e) when (index >= IrqIndex.Error && e.Errno == Errno.EINVAL)
        {
            // The kernel does not describe types that conventional PCI or a driver of mediated devices does not have.
            return new IrqInfo(index, 0, canSignal: false, isMaskable: false, isAutomasked: false, isFixed: false);
        }
    }

    /// <summary>Enables one interrupt.</summary>
    /// <param name="index">The interrupt type.</param>
    /// <param name="subindex">The vector, from 0; INTx, error and request have only one.</param>
    /// <param name="options">How a program waits for it.</param>
    /// <returns>The vector. The caller owns it; disposing the device also disposes it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The device has no such vector.</exception>
    /// <exception cref="InvalidOperationException">
    /// The vector is already enabled; another of INTx, MSI and MSI-X is enabled; or the number of vectors is fixed at a
    /// smaller one.
    /// </exception>
    /// <exception cref="NotSupportedException">The device does not have this interrupt type.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">
    /// The kernel refused, for example because the host has no more vectors.
    /// </exception>
    public InterruptVector Enable(IrqIndex index, int subindex = 0, InterruptOptions? options = null) =>
        EnableRange(index, subindex, 1, options)[0];

    /// <summary>Enables several vectors of one interrupt type: all or none.</summary>
    /// <param name="index">The interrupt type.</param>
    /// <param name="start">The first vector.</param>
    /// <param name="count">The number of vectors, 1 or more.</param>
    /// <param name="options">How a program waits for them.</param>
    /// <returns>The vectors in order. The caller owns them; disposing the device also disposes them.</returns>
    /// <inheritdoc cref="Enable"/>
    public IReadOnlyList<InterruptVector> EnableRange(
        IrqIndex index, int start, int count, InterruptOptions? options = null)
    {
        IrqInfo info = GetInfo(index);
        if (info.Count == 0 || !info.CanSignal)
        {
            throw new NotSupportedException($"{DeviceName} has no {index} "
                + $"interrupts{(index == IrqIndex.Error ? ": only PCI Express devices report errors" : "")}");
        }

        if (start < 0 || count < 1 || start > info.Count - count)
        {
            throw new ArgumentOutOfRangeException(
                start < 0 || start >= info.Count ? nameof(start) : nameof(count),
                $"{DeviceName} has the {index} vectors 0 to {info.Count - 1}");
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            CheckFree(index, start, count);
            List<InterruptVector> vectors = [];
            try
            {
                for (int i = 0; i < count; i++)
                {
                    vectors.Add(new InterruptVector(this, info, start + i, options ?? new InterruptOptions()));
                }

                SetTriggers(info, start, [.. vectors.Select(vector => vector.EventFd)]);
                vectors.ForEach(vector => _vectors.Add((index, vector.Subindex), vector));
                return vectors;
            }
            catch
            {
                vectors.ForEach(vector => vector.End());
                throw;
            }
        }
    }

    /// <summary>Gets the vectors that are enabled now, in order.</summary>
    /// <returns>A snapshot.</returns>
    public IReadOnlyList<InterruptVector> GetEnabled()
    {
        lock (_lock)
        {
            return [.. _vectors.OrderBy(entry => entry.Key).Select(entry => entry.Value)];
        }
    }

    internal void Disable(InterruptVector vector)
    {
        bool isMine = true;
        try
        {
            lock (_lock)
            {
                isMine = _vectors.Remove((vector.Index, vector.Subindex));
                if (isMine)
                {
                    TakeTriggerBack(vector);
                }
            }
        }
        catch (Exception e) when (e is VfioException or ObjectDisposedException)
        {
            // The device was removed or closed, and its interrupts with it.
        }
        finally
        {
            // Whatever the code of a device model threw: the threads that wait for the vector must continue.
            if (isMine)
            {
                vector.End();
            }
        }
    }

    internal void Do(InterruptVector vector, IrqAction action) =>
        _backend.SetInterrupts(vector.Index, action, vector.Subindex, 1);

    internal SafeFileHandle MakeUnmaskEvent(InterruptVector vector)
    {
        SafeFileHandle eventFd = EventFd.Create(vector.ToString());
        try
        {
            _backend.SetUnmaskTrigger(vector.Index, vector.Subindex, eventFd);
            return eventFd;
        }
        catch
        {
            eventFd.Dispose();
            throw;
        }
    }

    internal HostInterrupts HostOf(InterruptVector vector) => _host
        ?? throw new NotSupportedException(
            $"{vector} belongs to a device model or a mediated device, so no processor of the host receives it");

    /// <summary>Disables all interrupts. Called once.</summary>
    internal void End()
    {
        InterruptVector[] vectors;
        lock (_lock)
        {
            _isDisposed = true;
            vectors = [.. _vectors.Values];
        }

        Disposal.InTurn([.. vectors.Select(vector => (Action)vector.Dispose), () => _loop?.Dispose()]);
    }

    // PCI Express Base Specification 6.0, 7.7.1.2 (MSI) and 7.7.2.2 (MSI-X).
    private static int MostOf(IrqIndex index) => index switch
    {
        IrqIndex.Msix => 2048,
        IrqIndex.Msi => 32,
        _ => 1,
    };

    private static bool IsExclusive(IrqIndex index) => index <= IrqIndex.Msix;

    private bool IsEnabled(IrqIndex index) => _vectors.Keys.Any(key => key.Item1 == index);

    private void CheckFree(IrqIndex index, int start, int count)
    {
        InterruptVector? other = IsExclusive(index)
            ? _vectors.Values.FirstOrDefault(vector => IsExclusive(vector.Index) && vector.Index != index)
            : null;
        if (other is not null)
        {
            throw new InvalidOperationException(
                $"{other} is enabled, and a device can use only one of INTx, MSI and MSI-X at a time; "
                + $"dispose its vectors first");
        }

        for (int subindex = start; subindex < start + count; subindex++)
        {
            if (_vectors.TryGetValue((index, subindex), out InterruptVector? enabled))
            {
                throw new InvalidOperationException($"{enabled} is already enabled");
            }
        }
    }

    private void SetTriggers(IrqInfo info, int start, SafeFileHandle?[] eventFds)
    {
        bool isReserved = info.IsFixed && info.Index is IrqIndex.Msi or IrqIndex.Msix;
        if (!isReserved || IsEnabled(info.Index))
        {
            if (isReserved && start + eventFds.Length > _reserved)
            {
                throw new InvalidOperationException(
                    $"{DeviceName} has {_reserved} {info.Index} vectors, and their number is fixed while one is "
                    + $"enabled; dispose them, and enable all in one call");
            }

            Check(info, _backend.SetTriggers(info.Index, start, eventFds));
            return;
        }

        // The number cannot change later: request all vectors that the device has, or else all that are available.
        int wanted = info.Count;
        int available = _backend.SetTriggers(info.Index, 0, Spread(start, eventFds, wanted));
        if (available > 0)
        {
            wanted = available < info.Count && start + eventFds.Length <= available
                ? available
                : start + eventFds.Length;
            Check(info, _backend.SetTriggers(info.Index, 0, Spread(start, eventFds, wanted)));
        }

        _reserved = wanted;
    }

    private static SafeFileHandle?[] Spread(int start, SafeFileHandle?[] eventFds, int count)
    {
        SafeFileHandle?[] all = new SafeFileHandle?[count];
        eventFds.CopyTo(all, start);
        return all;
    }

    private void Check(IrqInfo info, int available)
    {
        if (available > 0)
        {
            throw new VfioException(
                "VFIO_DEVICE_SET_IRQS",
                $"{info.Index} interrupts of {DeviceName}",
                $"only {available} vectors are available",
                "enable fewer, in one call");
        }
    }

    private void TakeTriggerBack(InterruptVector vector)
    {
        if (!IsEnabled(vector.Index))
        {
            _backend.DisableInterrupts(vector.Index);
        }
        else
        {
            _backend.SetTriggers(vector.Index, vector.Subindex, [null]);
        }
    }
}
