using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Holds the writes of a session with the previous values, for undoing them in reverse order.</summary>
internal sealed class UndoList
{
    private const int MaxEntries = 10_000;

    private readonly LinkedList<UndoEntry> _entries = [];

    public void Add(UndoEntry entry)
    {
        _entries.AddLast(entry);
        if (_entries.Count > MaxEntries)
        {
            _entries.RemoveFirst();
        }
    }

    public void Clear() => _entries.Clear();

    /// <summary>Removes the last write from the list and returns it.</summary>
    /// <exception cref="CliException">The list is empty.</exception>
    public UndoEntry Take()
    {
        UndoEntry last = _entries.Last?.Value
            ?? throw new CliException(
                "undo: there is nothing to undo", "undo reverts writes of this session, since the last reset");
        _entries.RemoveLast();
        return last;
    }

    /// <summary>
    /// Returns why a write cannot be undone by writing the previous value; <see langword="null"/> if it can.
    /// </summary>
    /// <param name="touched">The registers that the write touches. A read-only one among several does not prevent the
    /// undo.</param>
    public static string? WhyNot(IReadOnlyList<RegisterDescription> touched)
    {
        foreach (RegisterDescription register in touched)
        {
            if (WhyNot(register.Access) is string why)
            {
                return touched.Count == 1 ? why : $"part of it is {register.Name}: {why}";
            }
        }

        return touched.Count != 0 && touched.All(register => register.Access == RegisterAccess.ReadOnly)
            ? "it is read-only: the write had no effect"
            : null;
    }

    private static string? WhyNot(RegisterAccess access) => access switch
    {
        RegisterAccess.WriteOnly => "it is write-only: its previous value is unknown",
        RegisterAccess.ReadHasSideEffects => "reading changes it, so it was not read before",
        RegisterAccess.WriteOneToClear => "writing 1 clears its bits; what was cleared cannot be set again",
        RegisterAccess.WriteOneToSet => "writing 1 sets its bits; another register clears them",
        RegisterAccess.WriteHasSideEffects =>
            "the write made the device do something that writing the previous value does not undo",
        _ => null,
    };
}

/// <summary>Represents a write that can possibly be undone.</summary>
/// <param name="Place">The register that was written.</param>
/// <param name="Before">The previous value.</param>
/// <param name="WhyNot">Why the write cannot be undone; <see langword="null"/> if it can.</param>
internal sealed record UndoEntry(RegisterPlace Place, ulong Before, string? WhyNot);
