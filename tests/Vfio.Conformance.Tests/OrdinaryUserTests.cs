using System.Diagnostics;
using System.Globalization;
using Vfio.Interop;

namespace Vfio.Conformance.Tests;

/// <summary>Users without root, in processes of their own: this program again, as them, with their limit of locked memory.</summary>
[Trait("Backend", "kernel")]
public sealed class OrdinaryUserTests
{
    private const string User = "user";
    private const string OtherUser = "nobody";
    private const int LimitMiB = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(VfioBackend.Type1v2)]
    [InlineData(VfioBackend.Iommufd)]
    public void A_user_may_lock_up_to_the_limit_and_is_told_how_to_raise_it(VfioBackend backend)
    {
        using KernelEdu edu = new(backend);
        using Users users = new(backend);
        using DriverBinding binding = DriverBinding.Bind(edu.Address, new BindOptions { User = User });
        Finish(Start(User, nameof(OrdinaryUser.Memory_is_allocated_up_to_the_limit), edu.Address, backend));
    }

    [Theory]
    [InlineData(VfioBackend.Type1v2)]
    [InlineData(VfioBackend.Iommufd)]
    public void Two_users_use_two_devices_at_the_same_time(VfioBackend backend)
    {
        using KernelEdu edu = new(backend);
        using Users users = new(backend);
        using DriverBinding first = DriverBinding.Bind(edu.Address, new BindOptions { User = User });
        using DriverBinding second = DriverBinding.Bind(PciAddress.Parse("0000:00:03.0"), new BindOptions { User = OtherUser });
        Process one = Start(User, nameof(OrdinaryUser.Transfers_go_on_for_a_while), first.Address, backend);
        Process other = Start(OtherUser, nameof(OrdinaryUser.Transfers_go_on_for_a_while), second.Address, backend);
        Finish(one);
        Finish(other);
        Finish(Start(OtherUser, nameof(OrdinaryUser.The_device_is_another_users), first.Address, backend));
    }

    private static Process Start(string user, string method, PciAddress device, VfioBackend backend)
    {
        string limit = (LimitMiB * 1024 * 1024).ToString(CultureInfo.InvariantCulture);
        ProcessStartInfo start = new("setpriv", [
            $"--reuid={user}", $"--regid={(user == User ? user : "nogroup")}", "--clear-groups", "--", "prlimit", $"--memlock={limit}:{limit}",
            Environment.ProcessPath!, "-noLogo", "-noColor", "-explicit", "only", "-method", $"{typeof(OrdinaryUser).FullName}.{method}"])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["VFIO_TEST_DEVICE"] = device.ToString();
        start.Environment["VFIO_TEST_BACKEND"] = backend.ToString();
        start.Environment["HOME"] = "/tmp";
        return Process.Start(start)!;
    }

    private static void Finish(Process process)
    {
        using (process)
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Assert.True(process.WaitForExit(Patience));
            Assert.True(process.ExitCode == 0 && output.Result.Contains("Total: 1,", StringComparison.Ordinal), output.Result);
        }
    }

    /// <summary>For iommufd its node is everybody's meanwhile, as a host with several users has it.</summary>
    private sealed class Users : IDisposable
    {
        private const string Node = "/dev/iommu";
        private readonly UnixFileMode? _before;

        public Users(VfioBackend backend)
        {
            if (backend == VfioBackend.Iommufd)
            {
                _before = File.GetUnixFileMode(Node);
                File.SetUnixFileMode(Node, _before.Value | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
            }
        }

        public void Dispose()
        {
            if (_before is UnixFileMode mode)
            {
                File.SetUnixFileMode(Node, mode);
            }
        }
    }
}

/// <summary>What those users do. Started by <see cref="OrdinaryUserTests"/> alone.</summary>
public sealed class OrdinaryUser
{
    private const ulong MiB = 1024 * 1024;

    [Fact(Explicit = true)]
    public void Memory_is_allocated_up_to_the_limit()
    {
        using VfioDevice device = Open();
        List<DmaBuffer> buffers = [];
        VfioException? full = null;
        while (full is null)
        {
            Assert.True(buffers.Count < 100);
            full = Record.Exception(() => buffers.Add(device.AddressSpace.Allocate(MiB))) as VfioException;
        }

        Assert.InRange(buffers.Count, 7, 8);
        Assert.Equal(Errno.ENOMEM, full.Errno);
        Assert.Contains("may lock 8192 KiB (RLIMIT_MEMLOCK)", full.Hint, StringComparison.Ordinal);
        Assert.Contains($"sudo prlimit --pid {Environment.ProcessId} --memlock=", full.Hint, StringComparison.Ordinal);
        DmaUsage usage = device.AddressSpace.GetUsage();
        Assert.Equal((buffers.Count, (ulong)buffers.Count * MiB, 8 * MiB), (usage.Mappings, usage.LockedBytes, usage.LockedLimit));
        buffers[0].Dispose();
        using DmaBuffer again = device.AddressSpace.Allocate(MiB);
    }

    [Fact(Explicit = true)]
    public void Transfers_go_on_for_a_while()
    {
        using VfioDevice device = Open();
        using Region bar0 = EduDma.Prepare(device);
        using DmaBuffer source = device.AddressSpace.Allocate(4096);
        using DmaBuffer target = device.AddressSpace.Allocate(4096);
        for (int i = 0; i < 10; i++)
        {
            Random.Shared.NextBytes(source.Span);
            EduDma.ReadMemory(bar0, source.Iova, 4096);
            EduDma.WriteMemory(bar0, target.Iova, 4096);
            Assert.True(source.Span.SequenceEqual(target.Span));
        }

        // The kernel's log is root's where it says so (kernel.dmesg_restrict).
        if (Record.Exception(device.ReadFaults) is VfioException refusal)
        {
            Assert.Contains("dmesg", refusal.Hint, StringComparison.Ordinal);
        }
    }

    [Fact(Explicit = true)]
    public void The_device_is_another_users()
    {
        VfioException refusal = Assert.Throws<VfioException>(Open);
        Assert.Equal(Errno.EACCES, refusal.Errno);
        Assert.Contains("bind --user", refusal.Hint, StringComparison.Ordinal);
    }

    private static VfioDevice Open() => VfioDevice.Open(
        PciAddress.Parse(Environment.GetEnvironmentVariable("VFIO_TEST_DEVICE")!),
        new VfioOpenOptions { Backend = Enum.Parse<VfioBackend>(Environment.GetEnvironmentVariable("VFIO_TEST_BACKEND")!) });
}
