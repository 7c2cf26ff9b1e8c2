using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>Contains what the library does with a device model: open, close, reset, removal.</summary>
public abstract partial class DeviceModel
{
    private bool _wasOpened;

    /// <summary>Gets whether accesses must take the slow path.</summary>
    internal bool IsUnusual => IsRemoved || Faults.IsArmed || _timerFailure is not null;

    internal bool IsExpress => _capabilities.Exists(capability => capability is ExpressCapability);

    internal ModelBar? BarAt(RegionIndex index) => (uint)index < (uint)_bars.Length ? _bars[(int)index] : null;

    internal void CheckDeclaring()
    {
        if (_wasOpened)
        {
            throw new InvalidOperationException(
                "a device model must declare its parts in its constructor, before it is opened");
        }
    }

    internal void Own(ModelMemory memory) => _memories.Add(memory);

    internal ModelSession OpenSession(IModelClient? client, DmaTable? shared = null)
    {
        lock (Sync)
        {
            if (IsRemoved)
            {
                throw new VfioException("open", Name, Errno.ENODEV, "the device model was removed or disposed");
            }

            if (Session is not null)
            {
                throw new VfioException(
                    "open",
                    Name,
                    Errno.EBUSY,
                    "only one driver at a time can open a device; dispose the other VfioDevice first");
            }

            Config.Open(_layout.CommandAtOpen, _sticky);
            _power?.Enter(Config, 0);
            Interrupts.Open();
            ModelSession session = new(this, client, shared);
            Session = session;
            try
            {
                if (CanReset || !_wasOpened)
                {
                    OnReset();
                }
            }
            catch
            {
                Session = null;
                throw;
            }

            _wasOpened = true;
            return session;
        }
    }

    internal void Close(ModelSession session)
    {
        lock (Sync)
        {
            if (Session != session)
            {
                return;
            }

            Interrupts.DisableAll();
            if (session.OwnsDma)
            {
                session.Dma.Clear();
            }

            Session = null;
            if (CanReset && !IsRemoved)
            {
                ResetUnderLock();
            }
        }
    }

    /// <summary>
    /// Performs VFIO_DEVICE_RESET: the device is reset, and the kernel restores the values that it manages.
    /// </summary>
    internal void ResetUnderLock()
    {
        Config.Reset();
        _power?.Enter(Config, 0);
        Interrupts.Reset();
        OnReset();
    }

    internal void RemoveNow()
    {
        lock (Sync)
        {
            if (!IsRemoved)
            {
                IsRemoved = true;
                _timers.ForEach(timer => timer.Stop());
                Session?.RevokeMappings();
                // The kernel cannot take the device away from a program, so it requests it.
                Interrupts.TellRequest();
            }
        }
    }

    internal void ConfigWritten(int offset, int width)
    {
        if (offset < ModelConfigSpace.HeaderLength)
        {
            Interrupts.OnCommandWritten();
            return;
        }

        bool isLibrarys = false;
        foreach (ModelCapability capability in _capabilities)
        {
            if (offset < capability.Start + capability.Length && capability.Start < offset + width)
            {
                capability.Written(this, offset - capability.Start, width);
                isLibrarys = capability is not (VendorSpecificCapability or RawCapability or RawExtendedCapability);
            }
        }

        if (!isLibrarys)
        {
            OnConfigWritten(offset, width);
        }
    }

    /// <summary>Records the failure of a timer, which has no caller; the driver's next access throws it.</summary>
    internal void Report(Exception failure) => _timerFailure ??= failure;

    internal void ThrowTimerFailure()
    {
        if (_timerFailure is Exception failure)
        {
            _timerFailure = null;
            throw new InvalidOperationException(
                $"a timer of the device model {Name} failed: {failure.Message}", failure);
        }
    }
}
