namespace Vfio.Pci;

/// <summary>A value that is not in a single field, but computed from several fields or registers.</summary>
public readonly record struct PciDerivedValue
{
    /// <summary>Creates a value.</summary>
    /// <param name="name">Its name: <c>Slot power limit</c>, <c>Region 0</c>.</param>
    /// <param name="text">
    /// The value with its unit: <c>75W</c>, <c>Memory at fb000000 (32-bit, prefetchable)</c>.
    /// </param>
    public PciDerivedValue(string name, string text)
    {
        Name = name;
        Text = text;
    }

    /// <summary>Its name: <c>Slot power limit</c>, <c>Region 0</c>.</summary>
    public string Name { get; init; }

    /// <summary>The value with its unit: <c>75W</c>, <c>Memory at fb000000 (32-bit, prefetchable)</c>.</summary>
    public string Text { get; init; }
}
