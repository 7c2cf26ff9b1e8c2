using Vfio.Pci;

namespace Vfio;

/// <summary>A device that a reset of its bus hits, and whose it is.</summary>
/// <param name="Address">Where it is.</param>
/// <param name="Driver">The driver it is bound to; <see langword="null"/> where it has none, or is not there any more.</param>
/// <param name="IsOurs">Whether it is this program's, so that the kernel lets its bus be reset.</param>
/// <param name="Owner">Whose it is, in a few words: <c>this program</c>, <c>the driver e1000e</c>, <c>free</c>, <c>pid 4711 (qemu, user alice)</c>.</param>
public sealed record HotResetDevice(PciAddress Address, string? Driver, bool IsOurs, string Owner);
