using System.Text.RegularExpressions;

namespace Vfio.Machine.Tests;

/// <summary>
/// Makes the calls of the published tool and of a sample to the kernel's VFIO and iommufd fail, one at a time.
/// </summary>
public sealed partial class FailingIoctlTests : HostTest
{
    private const string CheckExtension = "0x3b65 /dev/vfio/vfio";

    private const string OpenThroughType1 =
        "VFIO_GET_API_VERSION VFIO_GROUP_GET_STATUS VFIO_GROUP_SET_CONTAINER VFIO_CHECK_EXTENSION VFIO_SET_IOMMU "
        + "VFIO_CHECK_EXTENSION VFIO_GROUP_GET_DEVICE_FD VFIO_IOMMU_GET_INFO VFIO_IOMMU_GET_INFO VFIO_DEVICE_GET_INFO "
        + "VFIO_DEVICE_GET_REGION_INFO";

    private const string OpenThroughIommufd =
        "IOMMU_IOAS_ALLOC VFIO_DEVICE_BIND_IOMMUFD VFIO_DEVICE_ATTACH_IOMMUFD_PT IOMMU_IOAS_IOVA_RANGES "
        + "VFIO_DEVICE_GET_INFO VFIO_DEVICE_GET_REGION_INFO";

    /// <param name="backend">The kernel interface.</param>
    /// <param name="named">What the error names for each ioctl that fails; "-" if the open succeeds without it.</param>
    [Theory]
    [InlineData("type1v2", OpenThroughType1)]
    [InlineData("iommufd", OpenThroughIommufd)]
    public void Each_failing_ioctl_of_an_open_is_named_and_leaves_the_device_usable(string backend, string named)
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        string[] read = [Machine.Tool, "read", "--backend", backend, Machine.Edu, "bar0"];
        int count = KillPoint.RecordIoctls(read).Length;
        List<string> received = [];
        for (int n = 1; n <= count; n++)
        {
            Result result = KillPoint.FailIoctl(n, "EIO", read);
            Match ioctl = Ioctl().Match(result.Errors);
            Assert.True(ioctl.Success == (result.ExitCode != 0), result.ToString());
            received.Add(ioctl.Success ? ioctl.Groups[1].Value : "-");
            Machine.Run(read[0], read[1..]).Succeeded();
        }

        Assert.Equal(named, string.Join(' ', received));
    }

    [Fact]
    public void Missing_kernel_features_and_permissions_are_worked_around()
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        AssertOpensThrough("iommufd");
        Machine.Do("mv /dev/iommu /dev/iommu.away");
        try
        {
            AssertOpensThrough("type1v2");
            // The first request of this kind asks whether the kernel supports TYPE1v2; the answer is now no.
            string[] points = KillPoint.RecordIoctls(Machine.Sample, Machine.Edu);
            int question = Array.IndexOf(points, CheckExtension) + 1;
            Result result = KillPoint.FailIoctl(question, "0", Machine.Sample, Machine.Edu);
            Assert.Contains("opened through type1;", result.Succeeded(), StringComparison.Ordinal);
        }
        finally
        {
            Machine.Do("mv /dev/iommu.away /dev/iommu");
        }
    }

    private static void AssertOpensThrough(string backend) => Assert.Contains(
        $"opened through {backend};", Machine.Run(Machine.Sample, Machine.Edu).Succeeded(), StringComparison.Ordinal);

    [GeneratedRegex("vfio: .*?((VFIO|IOMMU)_[A-Z0-9_]+)")]
    private static partial Regex Ioctl();
}
