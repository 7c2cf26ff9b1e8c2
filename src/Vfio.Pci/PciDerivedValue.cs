namespace Vfio.Pci;

/// <summary>A value that no single field says: computed from several, or from other registers.</summary>
/// <param name="Name">What it is: <c>Slot power limit</c>, <c>Region 0</c>.</param>
/// <param name="Text">The value with its unit: <c>75W</c>, <c>Memory at fb000000 (32-bit, prefetchable)</c>.</param>
public readonly record struct PciDerivedValue(string Name, string Text);
