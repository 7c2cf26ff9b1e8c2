using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// Represents a write that a client's eventfd triggers. As in the kernel, two writes cannot be equal in all of these
/// values.
/// </summary>
internal readonly record struct EventWrite(RegionIndex Region, ulong Offset, int Width, ulong Value);
