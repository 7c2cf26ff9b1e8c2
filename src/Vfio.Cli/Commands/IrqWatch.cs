namespace Vfio.Cli;

/// <summary>Counts the interrupts of one device until there is a reason to stop.</summary>
internal sealed class IrqWatch : IDisposable
{
    // The maximum delay until a request to stop is noticed; interrupts are noticed immediately.
    private static readonly TimeSpan StopInterval = TimeSpan.FromMilliseconds(100);

    private readonly CliHost _host;
    private readonly string _name;
    private readonly ReleaseRequest? _request;
    private readonly List<IrqCount> _counts = [];
    private readonly IrqText _text;
    private readonly bool _isAskedByCount;
    private readonly bool _hasErrorsBeside;

    /// <param name="host">The host, which has the output.</param>
    /// <param name="name">The device's name.</param>
    /// <param name="device">The device.</param>
    /// <param name="index">The interrupt type; <see langword="null"/> for the best one.</param>
    /// <param name="vector">The vector; <see langword="null"/> for all.</param>
    /// <param name="isJson">Whether to write JSON.</param>
    public IrqWatch(CliHost host, string name, VfioDevice device, IrqIndex? index, int? vector, bool isJson)
    {
        (_host, _name) = (host, name);
        IrqInfo info = index is IrqIndex chosen ? device.Interrupts.GetInfo(chosen) : FindBest(device.Interrupts);
        if (info.Count == 0)
        {
            throw new CliException(
                $"irq: {name} has no {(index is null ? "interrupts" : $"{IrqCount.NameOf(info.Index)} interrupts")}",
                $"it has {Describe(device.Interrupts)}");
        }

        if (vector >= info.Count)
        {
            throw new CliException(
                $"irq: {name} has no {IrqCount.NameOf(info.Index)} vector {vector}",
                $"it has {info.Count}, numbered from 0");
        }

        _counts.AddRange(device.Interrupts
            .EnableRange(info.Index, vector ?? 0, vector is null ? info.Count : 1)
            .Select(enabled => new IrqCount(enabled)));
        if (index is null && device.Interrupts.GetInfo(IrqIndex.Error).Count != 0)
        {
            _counts.Add(new IrqCount(device.Interrupts.Enable(IrqIndex.Error)));
        }

        _isAskedByCount = info.Index == IrqIndex.Request;
        _hasErrorsBeside = index is null;
        _request = _isAskedByCount ? null : new ReleaseRequest(device, name);
        _text = new IrqText(host, isJson, info, _counts);
    }

    /// <summary>Counts until there is a reason to stop.</summary>
    /// <param name="isTriggered">Whether to signal each vector once at the start, without the device.</param>
    /// <param name="interval">The time between two reports.</param>
    /// <param name="wanted">The number of signals after which to stop; <see langword="null"/> for no limit.</param>
    /// <param name="timeout">The time after which to stop; <see langword="null"/> for no limit.</param>
    /// <param name="cancellationToken">Requests to stop.</param>
    public int Run(
        bool isTriggered, TimeSpan interval, ulong? wanted, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        _text.WriteBeginning(_name);
        if (isTriggered)
        {
            Trigger();
        }

        long start = _host.Clock.GetTimestamp();
        long last = start;
        InterruptVector[] vectors = [.. _counts.Select(count => count.Vector)];
        vectors = _request?.Vector is InterruptVector request ? [.. vectors, request] : vectors;
        ulong total = 0;
        bool isEnough = false;
        while (!isEnough && !cancellationToken.IsCancellationRequested)
        {
            TimeSpan sinceLast = _host.Clock.GetElapsedTime(last);
            bool isOver = timeout is TimeSpan limit && _host.Clock.GetElapsedTime(start) >= limit;
            if (!isOver && sinceLast < interval)
            {
                TimeSpan left = interval - sinceLast;
                _ = InterruptVector.WaitForAny(vectors, left < StopInterval ? left : StopInterval);
            }

            _counts.ForEach(count => total += count.Collect());
            bool isAsked = _request?.IsNew() == true || (_isAskedByCount && !isTriggered && total != 0);
            isEnough = total >= wanted || isOver || isAsked;
            sinceLast = _host.Clock.GetElapsedTime(last);
            if (isEnough || sinceLast >= interval || cancellationToken.IsCancellationRequested)
            {
                _text.WriteInterval(sinceLast, isWhole: sinceLast >= interval);
                last = _host.Clock.GetTimestamp();
            }

            if (isAsked)
            {
                throw ReleaseRequest.Describe(_name);
            }

            if (isOver && total < wanted)
            {
                throw TooFew(total, wanted, timeout!.Value);
            }
        }

        return ExitCode.Done;
    }

    public void Dispose()
    {
        _request?.Dispose();
        _counts.ForEach(count => count.Vector.Dispose());
    }

    private void Trigger()
    {
        foreach (IrqCount count in _counts.Where(
            count => !(_hasErrorsBeside && count.Vector.Index == IrqIndex.Error)))
        {
            count.Vector.Trigger();
        }
    }

    private CliException TooFew(ulong total, ulong? wanted, TimeSpan timeout) => new(
        $"irq: {total} of {wanted} signals arrived from {_name} in {timeout.TotalSeconds:0} s",
        "opening the device reset it, and after a reset it interrupts only if a program enables that");

    private static IrqInfo FindBest(DeviceInterrupts interrupts)
    {
        IrqInfo[] all =
            [interrupts.GetInfo(IrqIndex.Msix), interrupts.GetInfo(IrqIndex.Msi), interrupts.GetInfo(IrqIndex.Intx)];
        return Array.Find(all, info => info.Count != 0);
    }

    private static string Describe(DeviceInterrupts interrupts)
    {
        string[] kinds =
        [
            .. Enum.GetValues<IrqIndex>()
                .Select(interrupts.GetInfo)
                .Where(info => info.Count != 0)
                .Select(info => $"{info.Count} {IrqCount.NameOf(info.Index)}"),
        ];
        return kinds.Length == 0 ? "no interrupts" : string.Join(", ", kinds);
    }
}
