using System.Numerics;

namespace Vfio.Emulation;

/// <summary>A model's interrupts: its INTx line, and its MSI or MSI-X vectors.</summary>
/// <remarks>
/// Any thread. What the driver has not enabled, has masked, or cannot get because the device may not use the bus (MSI and MSI-X are
/// writes to memory: bus master enable), does not reach it; a masked vector becomes pending where it has a pending bit, and is
/// signalled once it is unmasked.
/// </remarks>
public sealed class ModelInterrupts
{
    private readonly DeviceModel _model;
    private MsiCapability? _msi;
    private MsixCapability? _msix;
    private MsixTable? _table;
    private int _msiVectors;
    private bool _isMsiSwitchedOff;
    private int _msixVectors;
    private bool _isFunctionMasked;
    private bool _isIntxEnabled;
    private bool _isIntxMasked;

    internal ModelInterrupts(DeviceModel model) => _model = model;

    /// <summary>Whether the INTx line is up, whatever the driver sees of it.</summary>
    public bool IsRaised { get; private set; }

    /// <summary>Whether the driver has enabled MSI, and not switched it off by the capability's enable bit.</summary>
    public bool IsMsiEnabled => _msiVectors != 0 && !_isMsiSwitchedOff;

    /// <summary>Whether the driver has enabled MSI-X.</summary>
    public bool IsMsixEnabled => _msixVectors != 0;

    /// <summary>Pulls the INTx line, until <see cref="Lower"/>: the level of an interrupt, not an event.</summary>
    /// <remarks>As with VFIO, an interrupt that reached the driver masks the line until the driver unmasks it; if the line is still up
    /// then, there is another interrupt.</remarks>
    /// <exception cref="InvalidOperationException">The model has no interrupt pin.</exception>
    public void Raise()
    {
        if (_model.Identity.InterruptPin == 0)
        {
            throw new InvalidOperationException("a model without an interrupt pin has no INTx to raise");
        }

        lock (_model.Sync)
        {
            SetLevel(true);
            SendIntx();
        }
    }

    /// <summary>Lets go of the INTx line.</summary>
    public void Lower()
    {
        lock (_model.Sync)
        {
            SetLevel(false);
        }
    }

    /// <summary>
    /// Signals a vector of MSI-X or MSI, whichever the driver has enabled. With fewer MSI vectors granted than declared, the
    /// lower bits of the number count, as in hardware. Where neither is enabled, nothing happens.
    /// </summary>
    /// <param name="vector">0 to one less than declared: of MSI-X where the driver has enabled it, else of whichever declares more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The model declares no such vector.</exception>
    public void Signal(int vector)
    {
        lock (_model.Sync)
        {
            int declared = IsMsixEnabled ? _table!.Vectors : Math.Max(_msi?.Vectors ?? 0, _msix?.Vectors ?? 0);
            if ((uint)vector >= (uint)declared)
            {
                throw new ArgumentOutOfRangeException(nameof(vector), vector, $"the model declares {declared} vectors");
            }

            if (IsMsixEnabled)
            {
                SendMsix(vector);
            }
            else if (IsMsiEnabled)
            {
                SendMsi(vector & (_msiVectors - 1));
            }
        }
    }

    internal int DeclaredVectors(IrqIndex kind) => kind switch
    {
        IrqIndex.Intx => _model.Identity.InterruptPin == 0 ? 0 : 1,
        IrqIndex.Msi => _msi?.Vectors ?? 0,
        IrqIndex.Msix => _msix?.Vectors ?? 0,
        IrqIndex.Error => _model.IsExpress ? 1 : 0,
        IrqIndex.Request => 1,
        _ => 0,
    };

    internal bool IsAnyEnabled => _isIntxEnabled || _msiVectors != 0 || IsMsixEnabled;

    internal bool IsEnabled(IrqIndex kind) => EnabledVectors(kind) != 0;

    internal int EnabledVectors(IrqIndex kind) => kind switch
    {
        IrqIndex.Intx => _isIntxEnabled ? 1 : 0,
        IrqIndex.Msi => _msiVectors,
        IrqIndex.Msix => _msixVectors,
        _ => 0,
    };

    internal void Add(MsiCapability msi) => _msi = msi;

    internal void Add(MsixCapability msix, ModelBar bar)
    {
        MsixTable table = new(msix, SendPendingMsix);
        bar.AddMsix(table);
        (_msix, _table) = (msix, table);
    }

    /// <summary>The client takes interrupts of a kind; the kernel turns the other kinds off first, and so must it.</summary>
    internal void Enable(IrqIndex kind, int vectors)
    {
        DisableAll();
        switch (kind)
        {
            case IrqIndex.Intx:
                _isIntxEnabled = true;
                _isIntxMasked = false;
                SendIntx();
                break;
            case IrqIndex.Msi:
                // The capability grants a power of two.
                _msiVectors = (int)BitOperations.RoundUpToPowerOf2((uint)vectors);
                SwitchMsi(isOn: true);
                OnMsiMaskWritten();
                break;
            default:
                EnableMsix(vectors, isUsed: static (_, _) => true);
                break;
        }
    }

    /// <summary>Likewise, of vectors that need not all have somebody who waits: of MSI-X the others stay masked, as the kernel keeps them. More of MSI-X later disturb none.</summary>
    internal void Enable(IrqIndex kind, int vectors, Func<IrqIndex, int, bool> isUsed)
    {
        if (kind != IrqIndex.Msix)
        {
            Enable(kind, vectors);
            return;
        }

        if (!IsMsixEnabled)
        {
            DisableAll();
        }

        EnableMsix(vectors, isUsed);
    }

    /// <summary>Unmasks the vectors of MSI-X that somebody waits for, and masks the others.</summary>
    internal void ShowVectors(int start, int count, Func<IrqIndex, int, bool> isUsed)
    {
        for (int vector = start; vector < start + count; vector++)
        {
            _table!.SetMask(vector, !isUsed(IrqIndex.Msix, vector));
        }
    }

    /// <summary>The kernel tells of an error of the bus.</summary>
    internal void TellError() => _model.Session?.Client?.Signal(IrqIndex.Error, 0);

    /// <summary>The kernel tells that the device is to be given back.</summary>
    internal void TellRequest() => _model.Session?.Client?.Signal(IrqIndex.Request, 0);

    internal void DisableAll()
    {
        for (int vector = 0; vector < _msixVectors; vector++)
        {
            _table!.SetMask(vector, isMasked: true);
        }

        _isIntxEnabled = false;
        _isIntxMasked = false;
        _isFunctionMasked = false;
        _msiVectors = 0;
        _isMsiSwitchedOff = false;
        _msixVectors = 0;
        _msix?.Show(_model.Config, isEnabled: false, isMasked: false);
    }

    internal void MaskIntx() => _isIntxMasked = true;

    internal void UnmaskIntx()
    {
        _isIntxMasked = false;
        SendIntx();
    }

    internal void MaskFunction(bool isMasked)
    {
        _isFunctionMasked = isMasked;
        _msix?.Show(_model.Config, IsMsixEnabled, isMasked);
        for (int vector = 0; !isMasked && vector < _msixVectors; vector++)
        {
            SendPendingMsix(vector);
        }
    }

    /// <summary>Messages on or off, of a client that takes MSI. With them a device lets go of its line (PCI Express Base Specification 6.0, section 7.7.1.2).</summary>
    internal void SwitchMsi(bool isOn)
    {
        _isMsiSwitchedOff = !isOn;
        if (isOn)
        {
            SetLevel(false);
        }
    }

    internal void OnCommandWritten() => SendIntx();

    internal void OnMsiMaskWritten()
    {
        if (!IsMsiEnabled || _msi is not { IsMaskable: true } msi)
        {
            return;
        }

        uint ready = msi.Pending(_model.Config) & ~msi.Mask(_model.Config);
        msi.SetPending(_model.Config, msi.Pending(_model.Config) & ~ready);
        for (; ready != 0; ready &= ready - 1)
        {
            SendMessage(IrqIndex.Msi, BitOperations.TrailingZeroCount(ready));
        }
    }

    /// <summary>Nothing is pending after a reset. What the client enabled it still has: the kernel puts that back.</summary>
    internal void Reset()
    {
        SetLevel(false);
        _isMsiSwitchedOff = false;
        _table?.ClearPending();
        if (_msi is { IsMaskable: true } msi)
        {
            msi.SetPending(_model.Config, 0);
        }
    }

    internal void Open()
    {
        DisableAll();
        Reset();
        _table?.Reset();
    }

    /// <summary>An interrupt without a reason, by whichever way is enabled.</summary>
    internal void SendSpurious(int vector)
    {
        if (IsMsixEnabled)
        {
            SendMessage(IrqIndex.Msix, vector % _msixVectors);
        }
        else if (IsMsiEnabled)
        {
            SendMessage(IrqIndex.Msi, vector % _msiVectors);
        }
        else if (_isIntxEnabled && !_isIntxMasked)
        {
            _isIntxMasked = true;
            Deliver(IrqIndex.Intx, 0);
        }
    }

    private void EnableMsix(int vectors, Func<IrqIndex, int, bool> isUsed)
    {
        SetLevel(false); // as with MSI; 7.7.2.2
        int before = _msixVectors;
        _msixVectors = vectors;
        _msix!.Show(_model.Config, isEnabled: true, _isFunctionMasked);
        ShowVectors(before, vectors - before, isUsed);
    }

    private void SetLevel(bool isRaised)
    {
        IsRaised = isRaised;
        _model.Config.Show(PciOffsets.Status, PciOffsets.StatusInterrupt, isRaised);
    }

    private void SendIntx()
    {
        if (IsRaised && _isIntxEnabled && !_isIntxMasked && !_model.Config.IsIntxDisabled && !_model.Config.IsAsleep && !_model.Faults.TakesInterrupt())
        {
            _isIntxMasked = true;
            Deliver(IrqIndex.Intx, 0);
        }
    }

    private void SendMsi(int vector)
    {
        MsiCapability msi = _msi!;
        if ((msi.Mask(_model.Config) & (1u << vector)) != 0)
        {
            msi.SetPending(_model.Config, msi.Pending(_model.Config) | (1u << vector));
        }
        else if (!_model.Faults.TakesInterrupt())
        {
            SendMessage(IrqIndex.Msi, vector);
        }
    }

    private void SendMsix(int vector)
    {
        if (_isFunctionMasked || _table!.IsMasked(vector))
        {
            _table!.SetPending(vector, isPending: true);
        }
        else if (!_model.Faults.TakesInterrupt())
        {
            SendMessage(IrqIndex.Msix, vector);
        }
    }

    private void SendPendingMsix(int vector)
    {
        if (IsMsixEnabled && !_isFunctionMasked && _table is MsixTable table && table.IsPending(vector) && !table.IsMasked(vector))
        {
            table.SetPending(vector, isPending: false);
            SendMessage(IrqIndex.Msix, vector);
        }
    }

    private void SendMessage(IrqIndex kind, int vector)
    {
        if (_model.Config.IsBusMaster)
        {
            Deliver(kind, vector);
        }
    }

    private void Deliver(IrqIndex kind, int vector)
    {
        if (!_model.IsRemoved)
        {
            _model.Session?.Client?.Signal(kind, vector);
        }
    }
}
