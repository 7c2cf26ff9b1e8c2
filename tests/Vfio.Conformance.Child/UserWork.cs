using System.Diagnostics;
using System.Security.Cryptography;
using Vfio.Emulation;
using Vfio.Pci;

namespace Vfio.Conformance.Child;

/// <summary>What a user without root does with a device.</summary>
internal static class UserWork
{
    private const ulong MiB = 1024 * 1024;
    private const int Page = 4096;
    private const int Rounds = 10;
    private const ulong LimitMiB = 8; // the parent sets it
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Allocates memory until the limit of locked memory ends it.</summary>
    public static void Allocate(string address, VfioBackend backend)
    {
        using VfioDevice device = Open(address, backend);
        List<DmaBuffer> buffers = [];
        VfioException? full = null;
        while (full is null)
        {
            Check.That(buffers.Count < 100, "100 MiB are allocated and no limit is reached");
            try
            {
                buffers.Add(device.AddressSpace.Allocate(MiB));
            }
            catch (VfioException refusal)
            {
                full = refusal;
            }
        }

        Check.That(buffers.Count is 7 or 8, $"{buffers.Count} MiB of {LimitMiB} were allocated");
        Check.Equal(Check.NoMemory, full.Errno, "error at the limit");
        Check.Contains("may lock 8192 KiB (RLIMIT_MEMLOCK)", full.Hint, "hint");
        Check.Contains("sudo prlimit --pid $$ --memlock=", full.Hint, "hint");
        DmaUsage usage = device.AddressSpace.GetUsage();
        Check.Equal(buffers.Count, usage.Mappings, "mappings");
        Check.Equal((ulong)buffers.Count * MiB, usage.LockedBytes, "locked bytes");
        Check.Equal(LimitMiB * MiB, usage.LockedLimit, "limit of locked bytes");
        buffers[0].Dispose();
        using DmaBuffer again = device.AddressSpace.Allocate(MiB);
        Report(device, $"{LimitMiB} MiB is the limit, and a freed one is allocated again");
    }

    /// <summary>Transfers memory through an edu and back, again and again.</summary>
    public static void Transfer(string address, VfioBackend backend)
    {
        using VfioDevice device = Open(address, backend);
        device.AddressSpace.LimitAddressWidth(28);
        using Region config = device.OpenRegion(RegionIndex.Config);
        config.WriteUInt16(4, (ushort)(config.ReadUInt16(4) | 0x0400)); // no interrupt line
        device.SetBusMaster(true);
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        using DmaBuffer source = device.AddressSpace.Allocate(Page);
        using DmaBuffer target = device.AddressSpace.Allocate(Page);
        for (int i = 0; i < Rounds; i++)
        {
            RandomNumberGenerator.Fill(source.Span);
            Transfer(bar0, source.Iova.Value, EduRegisters.BufferAddress, fromDevice: false);
            Transfer(bar0, EduRegisters.BufferAddress, target.Iova.Value, fromDevice: true);
            Check.That(source.Span.SequenceEqual(target.Span), $"round {i} brings other bytes back");
        }

        // The kernel's log is root's if kernel.dmesg_restrict says so.
        try
        {
            Check.Equal(0, device.GetFaults().Count, "faults");
        }
        catch (VfioException refusal)
        {
            Check.Contains("dmesg", refusal.Hint, "hint");
        }

        Report(device, $"{Rounds} transfers there and back, the same");
    }

    /// <summary>Opens a device that belongs to another user.</summary>
    public static void BeRefused(string address, VfioBackend backend)
    {
        VfioException refusal = Check.Refused(() => Open(address, backend).Dispose(), $"{address}");
        Check.Equal(Check.NotPermitted, refusal.Errno, "error");
        Check.Equal(VfioErrorReason.AccessDenied, refusal.Reason, "reason");
        Check.Contains("belongs to another user", refusal.Hint, "hint");
        Console.WriteLine($"as {Environment.UserName}: refused {address}");
    }

    /// <summary>Opens a mediated device that belongs to root.</summary>
    public static void BeRefusedMediated(string address, VfioBackend backend)
    {
        Guid id = Guid.Parse(address);
        VfioOpenOptions options = new() { Backend = backend };
        VfioException refusal = Check.Refused(() => VfioDevice.OpenMediated(id, options).Dispose(), $"{id}");
        Check.Equal(Check.NotPermitted, refusal.Errno, "error");
        Check.Contains($"sudo chown $USER /dev/vfio/{MediatedDevice.Find(id)?.IommuGroup}", refusal.Hint, "hint");
        Console.WriteLine($"as {Environment.UserName}: refused {id}");
    }

    private static void Report(VfioDevice device, string what) =>
        Console.WriteLine($"as {Environment.UserName} through {device.BackendName}: {what}");

    private static VfioDevice Open(string address, VfioBackend backend) =>
        VfioDevice.Open(PciAddress.Parse(address), new VfioOpenOptions { Backend = backend });

    private static void Transfer(Region bar0, ulong from, ulong to, bool fromDevice)
    {
        Wait(bar0);
        bar0.Write(EduRegisters.DmaSource, new RawUInt64(from));
        bar0.Write(EduRegisters.DmaDestination, new RawUInt64(to));
        bar0.Write(EduRegisters.DmaCount, new RawUInt64(Page));
        bar0.Write(EduRegisters.DmaCommand, new EduDmaCommand { Start = true, FromDevice = fromDevice });
        Wait(bar0);
    }

    private static void Wait(Region bar0)
    {
        for (Stopwatch time = Stopwatch.StartNew(); bar0.Read(EduRegisters.DmaCommand).Start; Thread.Sleep(1))
        {
            Check.That(time.Elapsed < Patience, "a transfer does not end");
        }
    }
}
