using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>What the library does with a model: open, close, reset, removal.</summary>
public abstract partial class DeviceModel
{
    private bool _wasOpened;

    /// <summary>Whether an access has to be looked at closely.</summary>
    internal bool IsUnusual => IsRemoved || Faults.IsArmed || _timerFailure is not null;

    internal bool IsExpress => _capabilities.Exists(capability => capability is ExpressCapability);

    internal ModelBar? BarAt(RegionIndex index) => (uint)index < (uint)_bars.Length ? _bars[(int)index] : null;

    internal void CheckDeclaring()
    {
        if (_wasOpened)
        {
            throw new InvalidOperationException("a model declares what it has in its constructor, before it is opened");
        }
    }

    internal void Own(ModelMemory memory) => _memories.Add(memory);

    internal ModelSession OpenSession(IModelClient? client, DmaTable? shared = null)
    {
        lock (Sync)
        {
            if (IsRemoved)
            {
                throw new VfioException("open", Name, Errno.ENODEV, "the model was removed or disposed");
            }

            if (Session is not null)
            {
                throw new VfioException("open", Name, Errno.EBUSY, "one driver at a time has a device open; dispose the other VfioDevice first");
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

    /// <summary>What VFIO_DEVICE_RESET does: the device forgets, the kernel puts back what it manages.</summary>
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
                // The kernel cannot take the device away from a program; it asks for it back.
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

    /// <summary>A timer's failure has no caller to go to; the next access of the driver's tells it.</summary>
    internal void Report(Exception failure) => _timerFailure ??= failure;

    internal void ThrowTimerFailure()
    {
        if (_timerFailure is Exception failure)
        {
            _timerFailure = null;
            throw new InvalidOperationException($"a timer of the model {Name} failed: {failure.Message}", failure);
        }
    }
}
