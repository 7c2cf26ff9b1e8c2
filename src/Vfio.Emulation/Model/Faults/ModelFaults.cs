using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>Injects faults into a device model, to test how its driver reacts.</summary>
/// <remarks>
/// Any thread may use it. Register faults affect trapped accesses, not mappings of memory. If several faults match an
/// access, the one that was added first is used.
/// </remarks>
public sealed class ModelFaults
{
    /// <summary>The number of times that stands for "until <see cref="Clear"/>".</summary>
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

    /// <summary>Gets whether accesses can have a fault at all.</summary>
    internal bool IsArmed { get; private set; }

    /// <summary>
    /// Makes the device not answer: accesses fail with EIO, as when vfio-pci finds decoding disabled.
    /// </summary>
    /// <param name="region">The region.</param>
    /// <param name="times">The number of accesses; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is less than 1.</exception>
    public void StopAnswering(RegionIndex region, int times = Always) =>
        Add(RegisterFaultKind.NoAnswer, region, null, 0, times);

    /// <summary>
    /// Makes the device not answer, so that the bus returns all ones: reads return all ones, and writes are ignored.
    /// </summary>
    /// <param name="region">The region.</param>
    /// <param name="times">The number of accesses; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is less than 1.</exception>
    public void ReturnAllOnes(RegionIndex region, int times = Always) =>
        Add(RegisterFaultKind.AllOnes, region, null, 0, times);

    /// <summary>Makes a register read as another value. The read handler is still called.</summary>
    /// <param name="region">The region.</param>
    /// <param name="offset">The offset of the register; only accesses that start there are affected.</param>
    /// <param name="value">The value; bits beyond the width of the access are ignored.</param>
    /// <param name="times">The number of reads; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is less than 1.</exception>
    public void ReturnWrongValue(RegionIndex region, ulong offset, ulong value, int times = Always) =>
        Add(RegisterFaultKind.WrongValue, region, offset, value, times);

    /// <summary>Loses interrupts that the device model sends.</summary>
    /// <param name="times">The number of interrupts; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is less than 1.</exception>
    public void LoseInterrupts(int times = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        lock (_model.Sync)
        {
            _lostInterrupts = times;
        }
    }

    /// <summary>
    /// Sends an interrupt without a reason, immediately, with the interrupt type that the driver has enabled. Does
    /// nothing if none is enabled.
    /// </summary>
    /// <param name="vector">The vector of MSI or MSI-X, modulo the number of vectors that the driver has
    /// enabled.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="vector"/> is negative.</exception>
    public void RaiseSpurious(int vector = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(vector);
        lock (_model.Sync)
        {
            _model.Interrupts.SendSpurious(vector);
        }
    }

    /// <summary>Makes transfers of the device model fail.</summary>
    /// <param name="result">The result of the transfers.</param>
    /// <param name="times">The number of transfers; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is less than 1, or <paramref
    /// name="result"/> is not a failure.</exception>
    public void FailDma(DmaResult result, int times = Always)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        if (result is <= DmaResult.Completed or > DmaResult.NoClient)
        {
            throw new ArgumentOutOfRangeException(nameof(result), result, "the result is not a failure");
        }

        lock (_model.Sync)
        {
            (_dmaResult, _failedDma) = (result, times);
        }
    }

    /// <summary>
    /// Makes the device use wrong addresses. It still cannot access memory that the driver has not mapped.
    /// </summary>
    /// <param name="displacement">The number that is added to each address, modulo 2^64.</param>
    /// <param name="times">The number of transfers; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is less than 1.</exception>
    public void DisplaceDma(ulong displacement, int times = Always)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        lock (_model.Sync)
        {
            (_displacement, _displacedDma) = (displacement, times);
        }
    }

    /// <summary>Resets the device without the driver's knowledge, as another program could.</summary>
    /// <param name="accesses">The trapped access before which the reset occurs: 1 is the next one; 0 resets
    /// immediately.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="accesses"/> is negative.</exception>
    public void ResetAfter(int accesses) => After(accesses, ref _accessesToReset, _model.ResetUnderLock);

    /// <summary>Removes the device, as if it were unplugged.</summary>
    /// <param name="accesses">The trapped access before which the removal occurs: 1 is the next one; 0 removes it
    /// immediately.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="accesses"/> is negative.</exception>
    public void RemoveAfter(int accesses) => After(accesses, ref _accessesToRemoval, _model.RemoveNow);

    /// <summary>
    /// Removes the device immediately, and permanently. Reads return all ones, also in mappings; writes, DMA and
    /// interrupts are lost.
    /// </summary>
    public void Remove() => RemoveAfter(0);

    /// <summary>
    /// Makes the kernel request the device (<see cref="IrqIndex.Request"/>), as when it is unbound. The device itself
    /// does not change.
    /// </summary>
    public void RequestRelease() => Tell(_model.Interrupts.TellRequest);

    /// <summary>
    /// Makes the kernel report a bus error (<see cref="IrqIndex.Error"/>). The device itself does not change.
    /// </summary>
    /// <exception cref="InvalidOperationException">The device model has no <see cref="ExpressCapability"/>: only PCI
    /// Express reports errors.</exception>
    public void ReportError()
    {
        if (!_model.IsExpress)
        {
            throw new InvalidOperationException(
                "a device model without the PCI Express capability cannot report errors");
        }

        Tell(_model.Interrupts.TellError);
    }

    /// <summary>Cancels all faults that have not yet occurred.</summary>
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
