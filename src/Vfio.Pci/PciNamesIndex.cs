namespace Vfio.Pci;

/// <summary>Where the lines of 16-bit ids begin in a text; of two lines with one id, the first.</summary>
internal sealed class PciNamesIndex
{
    // There are no more ids: a text with more lines repeats some.
    private const int MaxCount = 0x1_0000;

    private ushort[] _ids = new ushort[64];
    private int[] _places = new int[64];
    private int _count;

    internal bool IsEmpty => _count == 0;

    internal void Add(ushort id, int place)
    {
        if (_count == MaxCount)
        {
            return;
        }

        if (_count == _ids.Length)
        {
            Array.Resize(ref _ids, _count * 2);
            Array.Resize(ref _places, _count * 2);
        }

        _ids[_count] = id;
        _places[_count++] = place;
    }

    /// <summary>Finds a line by its id; a linear search through at most 128 KiB, which the processor does 32 ids at a time.</summary>
    /// <param name="id">The id.</param>
    /// <returns>Where its line begins, or -1.</returns>
    internal int Find(ushort id)
    {
        int index = _ids.AsSpan(0, _count).IndexOf(id);
        return index < 0 ? -1 : _places[index];
    }
}
