using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>A write that a client's eventfd makes: of two that are equal in all of this, the kernel has one.</summary>
internal readonly record struct EventWrite(RegionIndex Region, ulong Offset, int Width, ulong Value);
