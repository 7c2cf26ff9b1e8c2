using Vfio.Emulation;
using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>Performs transfers of an edu device, with its interrupt line disabled.</summary>
internal static class EduDma
{
    public const int AddressBits = 28;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Prepares a device that was just opened: bus mastering enabled, no interrupt, no transfer in progress.
    /// </summary>
    public static Region Prepare(VfioDevice device)
    {
        device.AddressSpace.LimitAddressWidth(AddressBits);
        using Region config = device.OpenRegion(RegionIndex.Config);
        config.WriteUInt16(4, (ushort)(config.ReadUInt16(4) | 0x0400));
        device.SetBusMaster(true);
        Region bar0 = device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        Wait(bar0);
        return bar0;
    }

    /// <summary>Makes the device read memory into its buffer.</summary>
    public static void ReadMemory(Region bar0, Iova from, int length, int bufferOffset = 0) =>
        Run(bar0, from.Value, EduRegisters.BufferAddress + (ulong)bufferOffset, length, fromDevice: false);

    /// <summary>Makes the device write memory from its buffer.</summary>
    public static void WriteMemory(Region bar0, Iova to, int length, int bufferOffset = 0) =>
        Run(bar0, EduRegisters.BufferAddress + (ulong)bufferOffset, to.Value, length, fromDevice: true);

    public static void Wait(Region bar0) => bar0.WaitFor(
        EduRegisters.DmaCommand, new EduDmaCommand { Start = true }, default, Patience, CancellationToken.None);

    private static void Run(Region bar0, ulong source, ulong destination, int length, bool fromDevice)
    {
        bar0.Write(EduRegisters.DmaSource, new RawUInt64(source));
        bar0.Write(EduRegisters.DmaDestination, new RawUInt64(destination));
        bar0.Write(EduRegisters.DmaCount, new RawUInt64((ulong)length));
        bar0.Write(EduRegisters.DmaCommand, new EduDmaCommand { Start = true, FromDevice = fromDevice });
        Wait(bar0);
    }
}
