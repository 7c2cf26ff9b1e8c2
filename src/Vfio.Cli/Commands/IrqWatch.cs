namespace Vfio.Cli;

/// <summary>The vectors of one device, counted until there is a reason to stop.</summary>
internal sealed class IrqWatch : IDisposable
{
    // How soon a request to stop is seen; signals are seen at once.
    private static readonly TimeSpan StopInterval = TimeSpan.FromMilliseconds(100);

    private readonly CliHost _host;
    private readonly string _name;
    private readonly ReleaseRequest? _request;
    private readonly List<IrqCount> _counts = [];
    private readonly IrqText _text;
    private readonly bool _isAskedByCount;
    private readonly bool _hasErrorsBeside;

    /// <param name="host">Where results go.</param>
    /// <param name="name">The device's name.</param>
    /// <param name="device">The device.</param>
    /// <param name="index">Which way to interrupt; null for the best.</param>
    /// <param name="vector">Which vector; null for all.</param>
    /// <param name="isJson">Whether results are for a program.</param>
    public IrqWatch(CliHost host, string name, VfioDevice device, IrqIndex? index, int? vector, bool isJson)
    {
        (_host, _name) = (host, name);
        IrqInfo info = index is IrqIndex chosen ? device.Interrupts.GetInfo(chosen) : FindBest(device.Interrupts);
        if (info.Count == 0)
        {
            throw new CliException(
                $"irq: {name} has no {(index is null ? "interrupts" : $"{IrqCount.NameOf(info.Index)} interrupts")}", $"it has {Describe(device.Interrupts)}");
        }

        if (vector >= info.Count)
        {
            throw new CliException($"irq: {name} has no {IrqCount.NameOf(info.Index)} vector {vector}", $"it has {info.Count}, from 0 on");
        }

        _counts.AddRange(device.Interrupts.EnableRange(info.Index, vector ?? 0, vector is null ? info.Count : 1).Select(enabled => new IrqCount(enabled)));
        if (index is null && device.Interrupts.GetInfo(IrqIndex.Error).Count != 0)
        {
            _counts.Add(new IrqCount(device.Interrupts.Enable(IrqIndex.Error)));
        }

        _isAskedByCount = info.Index == IrqIndex.Request;
        _hasErrorsBeside = index is null;
        _request = _isAskedByCount ? null : new ReleaseRequest(device, name);
        _text = new IrqText(host, isJson, info, _counts);
    }

    /// <summary>Counts.</summary>
    /// <param name="isTriggered">Whether each vector is signalled once first, without the device.</param>
    /// <param name="interval">From one look to the next.</param>
    /// <param name="wanted">How many signals are enough; null for no end.</param>
    /// <param name="timeout">How long is enough; null for no end.</param>
    /// <param name="cancellationToken">Asks to stop.</param>
    public int Run(bool isTriggered, TimeSpan interval, ulong? wanted, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        _text.WriteBeginning(_name);
        foreach (IrqCount count in isTriggered ? _counts.Where(count => !(_hasErrorsBeside && count.Vector.Index == IrqIndex.Error)) : [])
        {
            count.Vector.Trigger();
        }

        long start = _host.Clock.GetTimestamp();
        long last = start;
        InterruptVector[] vectors = [.. _counts.Select(count => count.Vector), .. _request?.Vector is InterruptVector request ? [request] : Array.Empty<InterruptVector>()];
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

            foreach (IrqCount count in _counts)
            {
                total += count.Collect();
            }

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
                throw new CliException($"irq: {total} of {wanted} signals came from {_name} in {timeout!.Value.TotalSeconds:0} s", "a device that was just reset interrupts only when it is told to");
            }
        }

        return ExitCode.Done;
    }

    public void Dispose()
    {
        _request?.Dispose();
        _counts.ForEach(count => count.Vector.Dispose());
    }

    private static IrqInfo FindBest(DeviceInterrupts interrupts)
    {
        IrqInfo[] all = [interrupts.GetInfo(IrqIndex.Msix), interrupts.GetInfo(IrqIndex.Msi), interrupts.GetInfo(IrqIndex.Intx)];
        return Array.Find(all, info => info.Count != 0);
    }

    private static string Describe(DeviceInterrupts interrupts)
    {
        string[] kinds =
        [
            .. Enum.GetValues<IrqIndex>().Select(interrupts.GetInfo).Where(info => info.Count != 0).Select(info => $"{info.Count} {IrqCount.NameOf(info.Index)}"),
        ];
        return kinds.Length == 0 ? "none at all" : string.Join(", ", kinds);
    }
}
