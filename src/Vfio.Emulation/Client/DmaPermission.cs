namespace Vfio.Emulation;

/// <summary>What a device may do with memory, as the device sees it.</summary>
[Flags]
internal enum DmaPermission
{
    None = 0,
    Read = 1,
    Write = 2,
}
