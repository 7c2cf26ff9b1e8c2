using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>Users other than root, in their own processes, with their limit of locked memory.</summary>
[Trait("Backend", "kernel")]
public sealed class OrdinaryUserTests(BoundDevices devices) : MachineTests(devices)
{
    private const string User = "user";
    private const string OtherUser = "nobody";
    private const int LimitMiB = 8;

    [Theory]
    [InlineData(VfioBackend.Type1v2)]
    [InlineData(VfioBackend.Iommufd)]
    public void A_user_can_lock_up_to_the_limit_and_is_told_how_to_raise_it(VfioBackend backend)
    {
        KernelEdu.Require(backend);
        using IommufdNode node = new(backend);
        PciAddress edu = Devices.Bind(Hotplug.Address, new BindOptions { User = User });
        using ChildProgram child = Start(User, "allocate", edu, backend);
        child.Finish(
            $"as {User} through {NameOf(backend)}: {LimitMiB} MiB is the limit, and a freed one is allocated again");
    }

    [Theory]
    [InlineData(VfioBackend.Type1v2)]
    [InlineData(VfioBackend.Iommufd)]
    public void Two_users_use_two_devices_at_the_same_time(VfioBackend backend)
    {
        KernelEdu.Require(backend);
        using IommufdNode node = new(backend);
        PciAddress first = Devices.Bind(Hotplug.Address, new BindOptions { User = User });
        PciAddress second = Devices.Bind("0000:00:03.0", new BindOptions { User = OtherUser });
        using ChildProgram one = Start(User, "transfer", first, backend);
        using ChildProgram other = Start(OtherUser, "transfer", second, backend);
        one.Finish($"as {User} through {NameOf(backend)}: 10 transfers there and back, the same");
        other.Finish($"as {OtherUser} through {NameOf(backend)}: 10 transfers there and back, the same");
        using ChildProgram stranger = Start(OtherUser, "be-refused", first, backend);
        stranger.Finish($"as {OtherUser}: refused {first}");
    }

    private static string NameOf(VfioBackend backend) => backend == VfioBackend.Iommufd ? "iommufd" : "type1v2";

    private static ChildProgram Start(string user, string verb, PciAddress device, VfioBackend backend) =>
        ChildProgram.StartAs(user, user == User ? user : "nogroup", LimitMiB, verb, $"{device}", backend);

    /// <summary>Makes /dev/iommu accessible to everyone for this time, as on a host with several users.</summary>
    private sealed class IommufdNode : IDisposable
    {
        private const string Node = "/dev/iommu";
        private readonly UnixFileMode? _before;

        public IommufdNode(VfioBackend backend)
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
