using System.Numerics;

namespace Vfio.Emulation;

/// <summary>Represents the interrupts of a device model: its INTx line, and its MSI or MSI-X vectors.</summary>
/// <remarks>
/// Any thread may use it. An interrupt does not reach the driver if the driver has not enabled it or has masked it, or,
/// for MSI and MSI-X, if bus mastering is disabled, because these are writes to memory. A masked vector that has a
/// pending bit becomes pending, and is signalled once it is unmasked.
/// </remarks>
public sealed partial class ModelInterrupts
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

    /// <summary>Gets whether the INTx line is raised, even if the driver does not see it.</summary>
    public bool IsRaised { get; private set; }

    /// <summary>Gets whether the driver has enabled MSI, and the enable bit of the capability is set.</summary>
    public bool IsMsiEnabled => _msiVectors != 0 && !_isMsiSwitchedOff;

    /// <summary>Gets whether the driver has enabled MSI-X.</summary>
    public bool IsMsixEnabled => _msixVectors != 0;

    /// <summary>Raises the INTx line until <see cref="Lower"/> is called: INTx is a level, not an event.</summary>
    /// <remarks>As with VFIO, an interrupt that reached the driver masks the line until the driver unmasks it. If the
    /// line is still raised then, there is another interrupt.</remarks>
    /// <exception cref="InvalidOperationException">The device model has no interrupt pin.</exception>
    public void Raise()
    {
        if (_model.Identity.InterruptPin == 0)
        {
            throw new InvalidOperationException("a device model without an interrupt pin cannot raise INTx");
        }

        lock (_model.Sync)
        {
            SetLevel(true);
            SendIntx();
        }
    }

    /// <summary>Lowers the INTx line.</summary>
    public void Lower()
    {
        lock (_model.Sync)
        {
            SetLevel(false);
        }
    }

    /// <summary>
    /// Signals a vector of MSI-X or MSI, whichever the driver has enabled; does nothing if neither is enabled. If the
    /// driver enabled fewer MSI vectors than declared, only the lower bits of the number are used, as in hardware.
    /// </summary>
    /// <param name="vector">The vector, less than the number of declared vectors: those of MSI-X if the driver has
    /// enabled MSI-X, otherwise of the capability that declares more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The device model does not declare this vector.</exception>
    public void Signal(int vector)
    {
        lock (_model.Sync)
        {
            int declared = IsMsixEnabled ? _table!.Vectors : Math.Max(_msi?.Vectors ?? 0, _msix?.Vectors ?? 0);
            if ((uint)vector >= (uint)declared)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(vector), vector, $"the device model declares {declared} vectors");
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

    /// <summary>Enables an interrupt type for the client; like the kernel, it disables the other types first.</summary>
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
                // The number of enabled vectors is a power of two.
                _msiVectors = (int)BitOperations.RoundUpToPowerOf2((uint)vectors);
                SwitchMsi(isOn: true);
                OnMsiMaskWritten();
                break;
            default:
                EnableMsix(vectors, isUsed: static (_, _) => true);
                break;
        }
    }

    // Enables an interrupt type of which not all vectors have an eventfd. As in the kernel, MSI-X vectors without one
    // stay masked, and enabling more MSI-X vectors later does not affect the others.
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

    /// <summary>Unmasks the MSI-X vectors that are in use, and masks the others.</summary>
    internal void ShowVectors(int start, int count, Func<IrqIndex, int, bool> isUsed)
    {
        for (int vector = start; vector < start + count; vector++)
        {
            _table!.SetMask(vector, !isUsed(IrqIndex.Msix, vector));
        }
    }

    /// <summary>Signals that the kernel reports a bus error.</summary>
    internal void TellError() => _model.Session?.Client?.Signal(IrqIndex.Error, 0);

    /// <summary>Signals that the kernel requests the device.</summary>
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

    // Switches MSI on or off for a client that has enabled it. While it is on, the device does not use INTx (PCI
    // Express Base Specification 6.0, section 7.7.1.2).
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

    // Clears what is pending. The interrupt type that the client enabled stays enabled: the kernel restores it.
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

    private void EnableMsix(int vectors, Func<IrqIndex, int, bool> isUsed)
    {
        SetLevel(false); // as for MSI; section 7.7.2.2
        int before = _msixVectors;
        _msixVectors = vectors;
        _msix!.Show(_model.Config, isEnabled: true, _isFunctionMasked);
        ShowVectors(before, vectors - before, isUsed);
    }
}
