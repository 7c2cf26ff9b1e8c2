using System.Globalization;

namespace Vfio.Abi.Tests;

/// <summary>The public numbers of features are those of the kernel, under the kernel's names.</summary>
public sealed class FeatureNumberTests
{
    [Fact]
    public void Every_feature_has_the_kernels_number()
    {
        AbiItem[] items = [.. Enum.GetValues<DeviceFeature>()
            .Select(feature => new AbiItem(
                RawFeatures.NameOf(feature),
                HeaderSet.Kernel,
                RawFeatures.NameOf(feature),
                ((int)feature).ToString(CultureInfo.InvariantCulture),
                IsSigned: false))];
        Verdict verdict = AbiTests.NewJudge().Judge(items);
        Assert.True(verdict.Wrong.Count == 0, string.Join('\n', verdict.Wrong));
        // Headers before 7.2 lack the last ones.
        Assert.InRange(verdict.Agreed.Count, 1, items.Length);
        Assert.All(verdict.Absent, name => Assert.Contains("VFIO_DEVICE_FEATURE_", name, StringComparison.Ordinal));
    }
}
