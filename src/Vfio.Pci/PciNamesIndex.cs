namespace Vfio.Pci;

/// <summary>The positions of the lines of 16-bit IDs in a text; the first line, if an ID occurs twice.</summary>
internal sealed class PciNamesIndex
{
    // There are no more IDs than this, so a text with more lines repeats some.
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

    /// <summary>
    /// Finds a line by its ID. A linear search through at most 128 KiB, which is vectorized to 32 IDs at a time.
    /// </summary>
    /// <param name="id">The ID.</param>
    /// <returns>The position of its line; -1 for none.</returns>
    internal int Find(ushort id)
    {
        int index = _ids.AsSpan(0, _count).IndexOf(id);
        return index < 0 ? -1 : _places[index];
    }
}
