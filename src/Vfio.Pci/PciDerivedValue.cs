namespace Vfio.Pci;

/// <summary>A value that no single field says: computed from several, or from other registers.</summary>
public readonly record struct PciDerivedValue
{
    /// <summary>Creates a value.</summary>
    /// <param name="name">What it is: <c>Slot power limit</c>, <c>Region 0</c>.</param>
    /// <param name="text">The value with its unit: <c>75W</c>, <c>Memory at fb000000 (32-bit, prefetchable)</c>.</param>
    public PciDerivedValue(string name, string text)
    {
        Name = name;
        Text = text;
    }

    /// <summary>What it is: <c>Slot power limit</c>, <c>Region 0</c>.</summary>
    public string Name { get; init; }

    /// <summary>The value with its unit: <c>75W</c>, <c>Memory at fb000000 (32-bit, prefetchable)</c>.</summary>
    public string Text { get; init; }
}
