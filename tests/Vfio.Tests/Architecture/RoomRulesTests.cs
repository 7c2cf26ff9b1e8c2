namespace Vfio.Tests;

/// <summary>Shows that the rules find violations.</summary>
public sealed class RoomRulesTests
{
    private static readonly Dictionary<string, string> Sound = new()
    {
        ["Device/VfioDevice.cs"] = "namespace Vfio; public sealed class VfioDevice { IDeviceBackend _backend; }",
        ["Interop/Libc.open.cs"] = "namespace Vfio; internal static partial class Libc { }",
        ["Interop/Uapi/VfioUapi.cs"] = "namespace Vfio; internal static class VfioUapi { public struct Name { } }",
        ["Sysfs/PciBus.cs"] = "namespace Vfio; public sealed class PciBus { Libc _libc; int Name; }",
        ["Regions/Region.cs"] = "namespace Vfio; public sealed unsafe class Region { IDeviceBackend _backend; }",
        ["Seam/IDeviceBackend.cs"] = "namespace Vfio; internal interface IDeviceBackend { MappedMemory Map(); } "
            + "internal record struct DeviceInfo(int X); internal class MappedMemory;",
    };

    private static IReadOnlyList<string> With(string path, string text) =>
        RoomRules.FindViolations(new Dictionary<string, string>(Sound) { [path] = text });

    [Fact]
    public void A_correct_tree_has_no_violations() => Assert.Empty(RoomRules.FindViolations(Sound));

    [Theory]
    [InlineData("Migration/StateReader.cs", "class StateReader { void M() { Libc.Open(); } }", "Interop's Libc")]
    [InlineData("Migration/StateReader.cs", "class StateReader { void M() { Vfio.Libc.Open(); } }", "Interop's Libc")]
    [InlineData("Migration/StateReader.cs", "class StateReader(PciBus bus);", "Sysfs's PciBus")]
    [InlineData(
        "Migration/StateReader.cs", "class StateReader { string M() => $\"x {new PciBus()}\"; }", "Sysfs's PciBus")]
    [InlineData("Sysfs/DiskUse.cs", "class DiskUse : List<Region>;", "Regions's Region")]
    [InlineData("Sysfs/DiskUse.cs", "class DiskUse { VfioDevice? Device; }", "Device's VfioDevice")]
    [InlineData("Sysfs/DiskUse.cs", "class DiskUse { Region? Region { get; } }", "Regions's Region")]
    [InlineData("Interop/Libc.close.cs", "partial class Libc { PciBus bus; }", "Sysfs's PciBus")]
    [InlineData("Regions/Guard/MemoryGuard.cs", "class MemoryGuard { DeviceInfo info; }", "Seam's DeviceInfo")]
    [InlineData("Backends/DeviceFile.cs", "class DeviceFile { Region region; }", "Regions's Region")]
    [InlineData("Seam/DeviceConfig.cs", "class DeviceConfig { PciBus bus; }", "Sysfs's PciBus")]
    public void A_use_against_the_arrows_is_found(string path, string text, string violation)
    {
        string found = Assert.Single(With(path, text));
        Assert.StartsWith(path, found, StringComparison.Ordinal);
        Assert.EndsWith(violation, found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("class StateReader { /* Libc */ string s = \"Libc\"; } // Libc")]
    [InlineData("class StateReader { void M() { x.Libc(); x?.PciBus(); } }")]
    [InlineData("class StateReader { int PciBusNumber; }")]
    [InlineData("class StateReader { int Name; }")]
    [InlineData("class StateReader(int x) { int Region { get; } = Region + x; }")]
    public void A_text_that_only_looks_like_a_use_is_ignored(string text) =>
        Assert.Empty(With("Migration/StateReader.cs", text));

    [Fact]
    public void A_folder_that_is_not_in_the_table_is_found() =>
        Assert.Equal(["the room Helpers has no row in the table"], With("Helpers/Utils.cs", "class Utils { }"));

    [Fact]
    public void Cycles_of_two_and_three_are_found_without_the_folders_that_lead_to_them()
    {
        RoomRules.Use[] sound =
        [
            new("", "Device", "Sysfs", ""),
            new("", "Device", "Seam", ""),
            new("", "Sysfs", "Seam", ""),
            new("", "Seam", "Interop", ""),
        ];
        Assert.Empty(RoomRules.FindCycles(sound));
        Assert.Equal(
            ["Device, Seam, Sysfs use each other"], RoomRules.FindCycles([.. sound, new("", "Seam", "Device", "")]));
        Assert.Equal(
            ["Interop, Seam use each other"], RoomRules.FindCycles([.. sound, new("", "Interop", "Seam", "")]));
        Assert.Equal(
            ["Interop, Seam, Sysfs use each other", "Child, Use use each other"],
            RoomRules.FindCycles(
                [.. sound, new("", "Interop", "Sysfs", ""), new("", "Use", "Child", ""), new("", "Child", "Use", "")]));
    }

    [Fact]
    public void A_triangle_in_sources_is_found() => Assert.Equal(
        ["Dma, Regions, Seam use each other"], RoomRules.FindCycles(RoomRules.FindUses(new Dictionary<string, string>
        {
            ["Seam/A.cs"] = "namespace Vfio; internal class A { B? _b; }",
            ["Dma/B.cs"] = "namespace Vfio; internal class B { C? _c; }",
            ["Regions/C.cs"] = "namespace Vfio; internal class C { A? _a; D? _d; }",
            ["Interop/D.cs"] = "namespace Vfio; internal class D;",
        })));
}
