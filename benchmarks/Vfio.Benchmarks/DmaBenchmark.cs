using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Emulation;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Benchmarks;

/// <summary>
/// Compares mapping, unmapping and transfers of a kernel device with C on the same descriptors, the same memory and the
/// same device.
/// </summary>
internal static unsafe class DmaBenchmark
{
    private const ulong Page = 4096;
    private const ulong Large = 2 * 1024 * 1024;
    private const double MostMapRatio = 1.15;
    private const double MostTransferRatio = 1.10;
    private const uint FirstIoas = 1; // the kernel numbers from 1, and the library creates the first
    private static readonly Iova CIova = new(0x8000000);

    /// <returns>The exit code: 1 if a budget is missed.</returns>
    public static int Run(string library, PciAddress address)
    {
        nint c = NativeLibrary.Load(Path.GetFullPath(library));
        using DriverBinding binding = DriverBinding.Bind(address);
        PciDeviceInfo info = new PciBus().Get(address);
        Console.WriteLine($"{"",-44}{"C",12}{"C#",12}{"C#/C",6}{"bytes",6}  budget");
        bool isMet = Measure(c, address, $"/dev/vfio/{info.IommuGroup}", "/dev/vfio/vfio", isGroup: true);
        string node = Path.GetFileName(Directory.GetDirectories($"/sys/bus/pci/devices/{address}/vfio-dev")[0]);
        return Measure(c, address, $"/dev/vfio/devices/{node}", "/dev/iommu", isGroup: false) && isMet ? 0 : 1;
    }

    private static bool Measure(nint library, PciAddress address, string devicePath, string contextPath, bool isGroup)
    {
        SafeFileHandle deviceFile = Open(devicePath);
        SafeFileHandle context = Open(contextPath);
        int deviceNumber = (int)deviceFile.DangerousGetHandle();
        Target target = new() { Fd = (int)context.DangerousGetHandle(), Ioas = FirstIoas };
        using VfioDevice device = VfioDevice.FromHandles(
            address,
            isGroup ? DeviceHandles.FromGroup(deviceFile, context) : DeviceHandles.FromDevice(deviceFile, context));
        device.AddressSpace.LimitAddressWidth(28);
        using DmaBuffer memory = device.AddressSpace.Allocate(Large);
        delegate* unmanaged<Target*, ulong, ulong, ulong> map =
            (delegate* unmanaged<Target*, ulong, ulong, ulong>)NativeLibrary.GetExport(
                library, isGroup ? "type1_map" : "iommufd_map");
        target.Vaddr = (ulong)memory.Address;
        target.Iova = CIova.Value;
        bool isMet = true;
        foreach ((ulong length, ulong count) in new[] { (Page, 400ul), (Large, 20ul) })
        {
            target.Length = length;
            nint place = Place(target);
            Func<ulong, ulong> inC = n => map((Target*)place, 0, n) == n
                ? n
                : throw new InvalidOperationException("an ioctl in C failed");
            nint start = memory.Address;
            Func<ulong, ulong> ours = n => MapAndUnmap(device.AddressSpace, start, length, n);
            // For 4 KiB the library's own part has no budget: natively it takes about 150 ns, and emulation makes that
            // 3 to 10 us, unlike any processor.
            isMet &= Report(
                $"{device.BackendName}: map and unmap {length / 1024} KiB",
                inC,
                ours,
                count,
                rounds: 41,
                length == Page ? null : MostMapRatio,
                allocates: true);
        }

        if (!isGroup)
        {
            target.Bar0 = ((delegate* unmanaged<int, ulong, nint>)NativeLibrary.GetExport(library, "bar0_map"))(
                deviceNumber, Page);
            delegate* unmanaged<Target*, ulong, ulong, ulong> transfer =
                (delegate* unmanaged<Target*, ulong, ulong, ulong>)NativeLibrary.GetExport(library, "edu_transfer");
            using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
            device.SetBusMaster(true);
            nint place = Place(target);
            ulong iova = memory.Iova.Value;
            isMet &= Report(
                "edu reads 4 KiB, end to end",
                n => transfer((Target*)place, iova, n),
                n => Transfer(bar0, memory.Iova, n),
                1,
                rounds: 21,
                MostTransferRatio,
                allocates: false);
            ((delegate* unmanaged<nint, ulong, void>)NativeLibrary.GetExport(library, "bar0_unmap"))(target.Bar0, Page);
        }

        return isMet;
    }

    private static bool Report(
        string name,
        Func<ulong, ulong> c,
        Func<ulong, ulong> ours,
        ulong count,
        int rounds,
        double? most,
        bool allocates)
    {
        // Code that is called often is recompiled, twice.
        for (int i = 0; i < 4; i++)
        {
            _ = c(count);
            for (ulong call = 0; call < (allocates ? 40ul : 1ul); call++)
            {
                _ = ours(count);
            }

            Thread.Sleep(Measurement.CompilerRest);
        }

        Measurement result = Measurement.Of(c, ours, accesses: 1, count, rounds);
        bool isWithin = (most is null || result.Ratio <= most) && (allocates || result.Allocated == 0);
        string budget = most is double limit ? $"{limit:0.00} {(isWithin ? "ok" : "MISSED")}" : "-";
        ulong calls = count * (ulong)rounds;
        Console.WriteLine(
            $"  {name,-42}{result.CNanoseconds / 1000,9:0.0} us{result.Nanoseconds / 1000,9:0.0} "
            + $"us{result.Ratio,6:0.00}{result.Allocated / (long)calls,6}  {budget}");
        return isWithin;
    }

    private static ulong MapAndUnmap(IoAddressSpace space, nint address, ulong length, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            space.Map(address, length).Dispose();
        }

        return count;
    }

    private static ulong Transfer(Region bar0, Iova iova, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            bar0.Write(EduRegisters.DmaSource, new RawUInt64(iova.Value));
            bar0.Write(EduRegisters.DmaDestination, new RawUInt64(EduRegisters.BufferAddress));
            bar0.Write(EduRegisters.DmaCount, new RawUInt64(EduRegisters.BufferLength));
            bar0.Write(EduRegisters.DmaCommand, new EduDmaCommand { Start = true });
            while (bar0.Read(EduRegisters.DmaCommand).Start)
            {
            }
        }

        return count;
    }

    // For C; it lives as long as the process.
    private static nint Place(Target target)
    {
        Target* place = (Target*)NativeMemory.Alloc((nuint)sizeof(Target));
        *place = target;
        return (nint)place;
    }

    private static SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);

    /// <summary>Mirrors struct target of benchmarks/baseline/dma.c.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Target
    {
        public int Fd;
        public uint Ioas;
        public ulong Vaddr;
        public ulong Iova;
        public ulong Length;
        public nint Bar0;
    }
}
