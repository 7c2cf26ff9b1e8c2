using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Takes back what a bind did before one of its steps failed.</summary>
internal sealed class BindingUndo(HostContext context)
{
    private readonly DeviceRestorer _restorer = new(context);
    private readonly List<Before> _devices = [];

    /// <summary>The devices that this bind takes: those without a VFIO driver before, or without a journal entry.</summary>
    public IReadOnlyList<PciAddress> NewlyTaken => [.. _devices.Where(device => device.IsNewlyTaken).Select(device => device.Address)];

    public void Clear() => _devices.Clear();

    /// <summary>Notes how a device stands before it is touched.</summary>
    public void Note(PciDeviceInfo device, JournalEntry? entry, IEnumerable<string> nodes) =>
        _devices.Add(new Before(device.Address, !device.HasVfioDriver, entry, device.GetVirtualFunctionCount(), [.. nodes.Select(node => (node, AccessList.Of(node)))]));

    /// <summary>
    /// Undoes the devices touched, the last one first; one that fails does not keep the others. One that the kernel is still changing stays as it is: the journal keeps it.
    /// </summary>
    /// <exception cref="VfioException">Some could not be undone; the journal keeps them.</exception>
    public void Run(IReadOnlyCollection<PciAddress> touched, VfioException failure)
    {
        List<(PciAddress Device, VfioException Why)> stuck = [];
        PciAddress? pending = (failure as ChangePendingException)?.Address;
        foreach (Before device in Enumerable.Reverse(_devices).Where(device => touched.Contains(device.Address) && device.Address != pending))
        {
            try
            {
                using StepRunner runner = new(context);
                Undo(device, runner);
            }
            catch (VfioException why)
            {
                stuck.Add((device.Address, why));
            }
        }

        if (stuck.Count != 0)
        {
            string which = string.Join("; ", stuck.Select(item => $"{item.Device}: {item.Why.Message}"));
            throw new VfioException(
                "bind", stuck[0].Device.ToString(), $"{failure.Message}; and undoing it failed: {which}",
                $"vfio release {string.Join(' ', stuck.Select(item => item.Device))} tries again to hand back");
        }
    }

    private void Undo(Before device, StepRunner runner)
    {
        if (device.IsNewlyTaken)
        {
            // What was remembered of its virtual functions alone is remembered still, and they are as many as when the bind began.
            bool hasFunctions = device.Entry is { IsBound: false };
            if (context.Journal.Find(device.Address) is JournalEntry entry && (entry.IsBound || entry.ParseError is not null))
            {
                _restorer.Plan(hasFunctions ? entry with { PreviousFunctionCount = device.Functions } : entry, force: false, released: []).Run(runner);
            }

            if (hasFunctions)
            {
                context.Journal.Write(device.Entry!);
            }

            return;
        }

        // Taken earlier: it stays taken, by whom and for whom it was.
        runner.Share();
        foreach ((string node, AccessList? before) in device.Nodes)
        {
            if (before is not null && AccessList.Of(node) is AccessList current && !current.Equals(before))
            {
                context.Changes.SetAccess(node, before);
            }
        }

        if (context.Journal.Find(device.Address) is not JournalEntry now || !JournalFormat.Write(now).AsSpan().SequenceEqual(JournalFormat.Write(device.Entry!)))
        {
            context.Journal.Write(device.Entry!);
        }
    }

    private sealed record Before(
        PciAddress Address, bool Moves, JournalEntry? Entry, int Functions, IReadOnlyList<(string Node, AccessList? Access)> Nodes)
    {
        public bool IsNewlyTaken => Moves || Entry is not { IsBound: true };
    }
}
