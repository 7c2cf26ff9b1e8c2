using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>The writes of a session, with what was there before, the last one first.</summary>
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

    /// <summary>Takes the last write out of the list.</summary>
    /// <exception cref="CliException">There is none.</exception>
    public UndoEntry Take()
    {
        UndoEntry last = _entries.Last?.Value
            ?? throw new CliException("undo: there is nothing to take back", "it takes back writes of this session, since the last reset");
        _entries.RemoveLast();
        return last;
    }

    /// <summary>Why the value before a write says nothing about how to undo it; <see langword="null"/> where it does.</summary>
    /// <param name="touched">The registers that the write reaches. One that is read only keeps none of the others from being written back.</param>
    public static string? WhyNot(IReadOnlyList<RegisterDescription> touched)
    {
        foreach (RegisterDescription register in touched)
        {
            if (WhyNot(register.Access) is string why)
            {
                return touched.Count == 1 ? why : $"part of it is {register.Name}: {why}";
            }
        }

        return touched.Count != 0 && touched.All(register => register.Access == RegisterAccess.ReadOnly) ? "it is read only: the write did nothing" : null;
    }

    private static string? WhyNot(RegisterAccess access) => access switch
    {
        RegisterAccess.WriteOnly => "it is write only: nobody knows what was there before",
        RegisterAccess.ReadHasSideEffects => "reading changes it, so it was not read before",
        RegisterAccess.WriteOneToClear => "writing 1 clears its bits; what was cleared cannot be set again",
        RegisterAccess.WriteOneToSet => "writing 1 sets its bits; another register clears them",
        RegisterAccess.WriteHasSideEffects => "writing it made the device do something, which the value of before does not undo",
        _ => null,
    };
}

/// <summary>A write that may be taken back.</summary>
/// <param name="Place">What was written.</param>
/// <param name="Before">The value of before.</param>
/// <param name="WhyNot">Why it cannot be taken back, where it cannot.</param>
internal sealed record UndoEntry(RegisterPlace Place, ulong Before, string? WhyNot);
