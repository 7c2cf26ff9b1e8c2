using System.Runtime.CompilerServices;
using Vfio;
using Vfio.Pci;

namespace DescriptorRing;

/// <summary>
/// The driver: it lets the device copy memory, by a ring of descriptors and a ring of completions. It works on a
/// <see cref="VfioDevice"/>, whether the kernel or a device model provides it. The caller owns the device and disposes
/// the driver first. Only one thread at a time may use it. After the constructor it allocates nothing.
/// </summary>
public sealed class CopierDriver : IDisposable
{
    private const int MostEntries = 65536;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1); // the datasheet's longest start and stop

    private readonly VfioDevice _device;
    private readonly Stack<IDisposable> _owned = [];
    private readonly Region _registers;
    private readonly DmaRing<CopierDescriptor> _descriptors;
    private readonly DmaRing<CopierCompletion> _completions;
    private readonly InterruptVector _completed;
    private readonly InterruptVector _release;
    private readonly Func<bool> _hasCompletion;
    private readonly bool[] _isPending; // by id, which is the place in the ring of descriptors
    private int _tail; // where the next descriptor is written
    private int _told; // the tail that the device knows
    private int _head; // where the next completion is read
    private int _phase = 1;

    /// <summary>Starts to use a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="entryCount">The number of entries of each ring, 2 to 65536.</param>
    /// <exception cref="NotSupportedException">The driver does not support this device.</exception>
    /// <exception cref="TimeoutException">The device does not start.</exception>
    /// <exception cref="VfioException">The device does not answer, or the kernel refused.</exception>
    public CopierDriver(VfioDevice device, int entryCount = 256)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfLessThan(entryCount, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(entryCount, MostEntries);
        PciIdentity found = device.Identity;
        if (found.VendorId != CopierRegisters.VendorId || found.DeviceId != CopierRegisters.DeviceId)
        {
            throw new NotSupportedException(
                $"{device.Name} is {found.VendorId:x4}:{found.DeviceId:x4}, not "
                + $"{CopierRegisters.VendorId:x4}:{CopierRegisters.DeviceId:x4}");
        }

        _device = device;
        _isPending = new bool[entryCount];
        _hasCompletion = HasCompletion;
        try
        {
            _registers = Own(device.OpenRegion(CopierRegisters.Map.Region));
            Stop(); // an earlier driver may have left it running
            _descriptors = Own(device.AddressSpace.AllocateRing<CopierDescriptor>(
                entryCount, new DmaBufferOptions { Access = DmaAccess.Read, Owner = "descriptors" }));
            _completions = Own(device.AddressSpace.AllocateRing<CopierCompletion>(
                entryCount, new DmaBufferOptions { Access = DmaAccess.Write, Owner = "completions" }));
            _completed = Own(device.Interrupts.Enable(IrqIndex.Msix, 0));
            _release = Own(device.Interrupts.Enable(IrqIndex.Request));
            device.SetBusMaster(true);
            _registers.Write(CopierRegisters.EntryCount, (uint)entryCount);
            _registers.Write(CopierRegisters.DescriptorRing, _descriptors.Iova);
            _registers.Write(CopierRegisters.CompletionRing, _completions.Iova);
            _registers.Write(CopierRegisters.Control, new CopierControl { IsEnabled = true });
            _registers.WaitFor(CopierRegisters.Status, status => status.IsReady, Patience);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// Gets how many copies can be on their way: one entry stays free, because a full ring would look empty.
    /// </summary>
    public int Capacity => _isPending.Length - 1;

    /// <summary>Gets how many copies were posted and not taken yet.</summary>
    public int PendingCount { get; private set; }

    /// <summary>Adds a copy to the ring. The device begins with <see cref="Submit"/>.</summary>
    /// <param name="source">Where it reads. The memory stays as it is until the copy is taken.</param>
    /// <param name="destination">Where it writes.</param>
    /// <param name="length">How many bytes, 1 to <see cref="CopierDescriptor.MostLength"/>.</param>
    /// <param name="id">The number that its result will have.</param>
    /// <returns>Whether the ring had room.</returns>
    public bool TryPost(Iova source, Iova destination, int length, out int id)
    {
        id = _tail;
        if (PendingCount == Capacity || _isPending[_tail])
        {
            return false;
        }

        _descriptors[_tail] = new CopierDescriptor
        {
            Source = source,
            Destination = destination,
            Length = (uint)length,
            Id = (ushort)_tail,
        };
        _isPending[_tail] = true;
        PendingCount++;
        _tail = Next(_tail);
        return true;
    }

    /// <summary>Tells the device about all copies that were posted since the last call: one doorbell.</summary>
    public void Submit()
    {
        if (_told != _tail)
        {
            _told = _tail;
            // A register write is a release: the device sees the descriptors before it sees this.
            _registers.Write(CopierRegisters.DescriptorTail, (uint)_tail);
        }
    }

    /// <summary>Takes the copies that are done.</summary>
    /// <param name="results">Receives them, as many as fit.</param>
    /// <returns>How many there were.</returns>
    /// <exception cref="InvalidDataException">
    /// The device completed what was not posted; it must not be used any more.
    /// </exception>
    public int Take(Span<CopierResult> results)
    {
        int count = 0;
        for (; count < results.Length && HasCompletion(); count++)
        {
            CopierCompletion completion = _completions[_head];
            if (completion.Id >= _isPending.Length || !_isPending[completion.Id])
            {
                throw new InvalidDataException($"{_device.Name} completed copy {completion.Id}, which was not posted");
            }

            _isPending[completion.Id] = false;
            PendingCount--;
            results[count] = new CopierResult(
                completion.Id, completion.Length, (CopierOutcome)(completion.Status >> 1));
            _head = Next(_head);
            if (_head == 0)
            {
                _phase ^= 1; // the device's next lap
            }
        }

        if (count != 0)
        {
            _registers.Write(CopierRegisters.CompletionHead, (uint)_head);
        }

        return count;
    }

    /// <summary>Waits until a copy is done, by looking at memory.</summary>
    /// <exception cref="TimeoutException">None was done in time.</exception>
    /// <exception cref="VfioException">The device was removed.</exception>
    public void WaitForCompletion(TimeSpan timeout) => _device.WaitFor(_hasCompletion, timeout);

    /// <summary>Waits until a copy is done, for the device's interrupt, without a thread.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WaitForCompletionAsync(CancellationToken cancellationToken = default)
    {
        // An interrupt may belong to a completion that was taken already. One that comes between the look and the wait
        // is kept for the wait.
        while (!HasCompletion())
        {
            await _completed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Waits until the host asks for the device, because it is being unbound or unplugged. The host waits until the
    /// driver and the device are disposed.
    /// </summary>
    public ValueTask<ulong> WaitForReleaseRequestAsync(CancellationToken cancellationToken = default) =>
        _release.WaitAsync(cancellationToken);

    /// <summary>Stops the device, and only then frees the memory that it uses.</summary>
    public void Dispose()
    {
        try
        {
            Stop();
            _device.SetBusMaster(false);
        }
        catch (Exception e) when (e is VfioException or TimeoutException or ObjectDisposedException)
        {
            // It does not stop: without its mappings it reaches nothing, and the kernel resets it when it is closed.
        }

        while (_owned.TryPop(out IDisposable? last))
        {
            last.Dispose();
        }
    }

    private void Stop()
    {
        if (_owned.Count != 0) // not before its registers are open, and not twice
        {
            _registers.Write(CopierRegisters.Control, default(CopierControl));
            _registers.WaitFor(CopierRegisters.Status, status => !status.IsReady && !status.IsBusy, Patience);
        }
    }

    // The status is read by itself, as an acquire: what the device wrote before it is then visible.
    private bool HasCompletion() =>
        (_completions.Read<ushort>(_head, CopierCompletion.StatusOffset) & 1) == _phase;

    private int Next(int index) => index + 1 == _isPending.Length ? 0 : index + 1;

    private T Own<T>(T disposable)
        where T : IDisposable
    {
        _owned.Push(disposable);
        return disposable;
    }
}
