using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>What a test lets go wrong with a device, to see what its driver does.</summary>
/// <remarks>
/// Any thread. Register faults concern trapped accesses; a mapping of memory asks nobody. Of several faults for one access the
/// first added counts.
/// </remarks>
public sealed class ModelFaults
{
    /// <summary>For a number of times: until <see cref="Clear"/>.</summary>
    public const int Always = int.MaxValue;

    private readonly DeviceModel _model;
    private readonly List<RegisterFault> _registers = [];
    private int _lostInterrupts;
    private DmaResult _dmaResult;
    private int _failedDma;
    private ulong _displacement;
    private int _displacedDma;
    private int _accessesToReset;
    private int _accessesToRemoval;

    internal ModelFaults(DeviceModel model) => _model = model;

    /// <summary>Whether an access has to ask here at all.</summary>
    internal bool IsArmed { get; private set; }

    /// <summary>The device does not answer: accesses fail with EIO, as where vfio-pci finds decoding off.</summary>
    /// <param name="region">Where.</param>
    /// <param name="times">For how many accesses; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is less than 1.</exception>
    public void StopAnswering(RegionIndex region, int times = Always) => Add(RegisterFaultKind.NoAnswer, region, null, 0, times);

    /// <summary>The device does not answer, and the bus makes ones of it: reads give all ones, writes go nowhere.</summary>
    /// <param name="region">Where.</param>
    /// <param name="times">For how many accesses; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is less than 1.</exception>
    public void ReturnAllOnes(RegionIndex region, int times = Always) => Add(RegisterFaultKind.AllOnes, region, null, 0, times);

    /// <summary>A register reads as something else. The model is asked all the same.</summary>
    /// <param name="region">Where.</param>
    /// <param name="offset">The register: accesses that start there.</param>
    /// <param name="value">What it reads as; bits above the access's width are left out.</param>
    /// <param name="times">For how many reads; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is less than 1.</exception>
    public void ReturnWrongValue(RegionIndex region, ulong offset, ulong value, int times = Always) =>
        Add(RegisterFaultKind.WrongValue, region, offset, value, times);

    /// <summary>Interrupts that the model sends do not arrive.</summary>
    /// <param name="times">How many; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is less than 1.</exception>
    public void LoseInterrupts(int times = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        lock (_model.Sync)
        {
            _lostInterrupts = times;
        }
    }

    /// <summary>Sends an interrupt that the device has no reason for, at once, by the way the driver has enabled; nothing where there is none.</summary>
    /// <param name="vector">The vector of MSI or MSI-X, modulo how many the driver has.</param>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public void RaiseSpurious(int vector = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(vector);
        lock (_model.Sync)
        {
            _model.Interrupts.SendSpurious(vector);
        }
    }

    /// <summary>The model's transfers fail.</summary>
    /// <param name="result">How.</param>
    /// <param name="times">How many; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is less than 1, or <paramref name="result"/> is no failure.</exception>
    public void FailDma(DmaResult result, int times = Always)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        if (result is <= DmaResult.Completed or > DmaResult.NoClient)
        {
            throw new ArgumentOutOfRangeException(nameof(result), result, "no failure of a transfer");
        }

        lock (_model.Sync)
        {
            (_dmaResult, _failedDma) = (result, times);
        }
    }

    /// <summary>The device uses wrong addresses: what the driver has not mapped stays out of its reach all the same.</summary>
    /// <param name="displacement">What is added to each address, modulo 2^64.</param>
    /// <param name="times">For how many transfers; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is less than 1.</exception>
    public void DisplaceDma(ulong displacement, int times = Always)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        lock (_model.Sync)
        {
            (_displacement, _displacedDma) = (displacement, times);
        }
    }

    /// <summary>The device is reset behind the driver's back, as by another program.</summary>
    /// <param name="accesses">Before which trapped access: 1 is the next; 0 is at once.</param>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public void ResetAfter(int accesses) => After(accesses, ref _accessesToReset, _model.ResetUnderLock);

    /// <summary>The device is pulled out.</summary>
    /// <param name="accesses">Before which trapped access: 1 is the next; 0 is at once.</param>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public void RemoveAfter(int accesses) => After(accesses, ref _accessesToRemoval, _model.RemoveNow);

    /// <summary>The device is pulled out now: reads give all ones, in mappings too; writes, DMA and interrupts go nowhere. It does not come back.</summary>
    public void Remove() => RemoveAfter(0);

    /// <summary>The kernel asks for the device back (<see cref="IrqIndex.Request"/>), as when somebody unbinds it; nothing else happens to it.</summary>
    public void RequestRelease() => Tell(_model.Interrupts.TellRequest);

    /// <summary>The kernel reports an error of the bus (<see cref="IrqIndex.Error"/>); nothing else happens to the device.</summary>
    /// <exception cref="InvalidOperationException">The model has no <see cref="ExpressCapability"/>: only PCI Express reports errors.</exception>
    public void ReportError()
    {
        if (!_model.IsExpress)
        {
            throw new InvalidOperationException("a model without the PCI Express capability has no errors to report");
        }

        Tell(_model.Interrupts.TellError);
    }

    /// <summary>Ends all faults that are still to come.</summary>
    public void Clear()
    {
        lock (_model.Sync)
        {
            _registers.Clear();
            _lostInterrupts = _failedDma = _displacedDma = _accessesToReset = _accessesToRemoval = 0;
            IsArmed = false;
        }
    }

    internal RegisterFault? OnAccess(RegionIndex region, ulong offset, bool isRead)
    {
        if (_accessesToReset != 0 && --_accessesToReset == 0)
        {
            _model.ResetUnderLock();
        }

        if (_accessesToRemoval != 0 && --_accessesToRemoval == 0)
        {
            _model.RemoveNow();
        }

        RegisterFault? fault = null;
        foreach (RegisterFault candidate in _registers)
        {
            if (candidate.Hits(region, offset, isRead))
            {
                fault = candidate;
                break;
            }
        }

        fault?.Count();
        if (fault is { IsOver: true })
        {
            _registers.Remove(fault);
        }

        IsArmed = _registers.Count != 0 || _accessesToReset != 0 || _accessesToRemoval != 0;
        return fault;
    }

    internal bool TakesInterrupt() => Take(ref _lostInterrupts);

    internal DmaResult OnDma(ref ulong iova)
    {
        if (Take(ref _displacedDma))
        {
            iova += _displacement;
        }

        return Take(ref _failedDma) ? _dmaResult : DmaResult.Completed;
    }

    private void Tell(Action told)
    {
        lock (_model.Sync)
        {
            told();
        }
    }

    private static bool Take(ref int times)
    {
        if (times == 0)
        {
            return false;
        }

        times -= times == Always ? 0 : 1;
        return true;
    }

    private void Add(RegisterFaultKind kind, RegionIndex region, ulong? offset, ulong value, int times)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        lock (_model.Sync)
        {
            _registers.Add(new RegisterFault(kind, region, offset, value, times));
            IsArmed = true;
        }
    }

    private void After(int accesses, ref int counter, Action action)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(accesses);
        lock (_model.Sync)
        {
            counter = accesses;
            IsArmed |= accesses != 0;
            if (accesses == 0)
            {
                action();
            }
        }
    }
}
