namespace Vfio.Emulation;

// How an interrupt reaches the driver, or becomes pending.
public sealed partial class ModelInterrupts
{
    /// <summary>Sends an interrupt without a reason, with the enabled interrupt type.</summary>
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

    private void SetLevel(bool isRaised)
    {
        IsRaised = isRaised;
        _model.Config.Show(PciOffsets.Status, PciOffsets.StatusInterrupt, isRaised);
    }

    private void SendIntx()
    {
        if (IsRaised
            && _isIntxEnabled
            && !_isIntxMasked
            && !_model.Config.IsIntxDisabled
            && !_model.Config.IsAsleep
            && !_model.Faults.TakesInterrupt())
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
        if (IsMsixEnabled
            && !_isFunctionMasked
            && _table is MsixTable table
            && table.IsPending(vector)
            && !table.IsMasked(vector))
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
