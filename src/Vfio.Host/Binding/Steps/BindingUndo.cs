using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Undoes a bind after one of its steps failed.</summary>
internal sealed class BindingUndo(HostContext context)
{
    private readonly DeviceRestorer _restorer = new(context);
    private readonly List<Before> _devices = [];

    /// <summary>
    /// Gets the devices that this bind adds: those that had no VFIO driver before, or no journal entry.
    /// </summary>
    public IReadOnlyList<PciAddress> NewlyBound =>
        [.. _devices.Where(device => device.IsNewlyBound).Select(device => device.Address)];

    public void Clear() => _devices.Clear();

    /// <summary>Records the state of a device before it is changed.</summary>
    public void Note(PciDeviceInfo device, JournalEntry? entry, IEnumerable<string> nodes) =>
        _devices.Add(new Before(
            device.Address,
            !device.HasVfioDriver,
            entry,
            device.GetVirtualFunctionCount(),
            [.. nodes.Select(node => (node, AccessList.Of(node)))]));

    /// <summary>
    /// Restores the changed devices, the last one first. If one fails, the others are still restored. A device that the
    /// kernel is still changing is left as it is; the journal keeps it.
    /// </summary>
    /// <exception cref="VfioException">Some devices could not be restored; the journal keeps them.</exception>
    public void Run(IReadOnlyCollection<PciAddress> touched, VfioException failure)
    {
        List<(PciAddress Device, VfioException Why)> stuck = [];
        PciAddress? pending = (failure as ChangePendingException)?.Address;
        foreach (Before device in Enumerable.Reverse(_devices)
            .Where(device => touched.Contains(device.Address) && device.Address != pending))
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
                $"vfio release {string.Join(' ', stuck.Select(item => item.Device))} tries again");
        }
    }

    private void Undo(Before device, StepRunner runner)
    {
        if (device.IsNewlyBound)
        {
            // If the journal had an entry only because of virtual functions, it is written back, and there are as many
            // virtual functions as when the bind began.
            bool hasFunctions = device.Entry is { IsBound: false };
            if (context.Journal.Find(device.Address) is JournalEntry entry
                && (entry.IsBound || entry.ParseError is not null))
            {
                _restorer
                    .Plan(
                        hasFunctions ? entry with { PreviousFunctionCount = device.Functions } : entry,
                        force: false,
                        released: [])
                    .Run(runner);
            }

            if (hasFunctions)
            {
                context.Journal.Write(device.Entry!);
            }

            return;
        }

        // A device that was bound earlier stays bound, for its previous user.
        runner.Share();
        foreach ((string node, AccessList? before) in device.Nodes)
        {
            if (before is not null && AccessList.Of(node) is AccessList current && !current.Equals(before))
            {
                context.Changes.SetAccess(node, before);
            }
        }

        if (context.Journal.Find(device.Address) is not JournalEntry now
            || !JournalFormat.Write(now).AsSpan().SequenceEqual(JournalFormat.Write(device.Entry!)))
        {
            context.Journal.Write(device.Entry!);
        }
    }

    private sealed record Before(
        PciAddress Address,
        bool Moves,
        JournalEntry? Entry,
        int Functions,
        IReadOnlyList<(string Node, AccessList? Access)> Nodes)
    {
        public bool IsNewlyBound => Moves || Entry is not { IsBound: true };
    }
}
