namespace Vfio.Tests;

/// <summary>That the rules find what they are there to find.</summary>
public sealed class RoomRulesTests
{
    private static readonly Dictionary<string, string> Sound = new()
    {
        ["VfioDevice.cs"] = "namespace Vfio; public sealed class VfioDevice { IDeviceBackend _backend; }",
        ["Interop/Libc.open.cs"] = "namespace Vfio.Interop; internal static partial class Libc { }",
        ["Interop/Uapi/VfioUapi.cs"] = "namespace Vfio.Interop.Uapi; internal static class VfioUapi { public struct Name { } }",
        ["Sysfs/PciBus.cs"] = "namespace Vfio; public sealed class PciBus { Libc _libc; int Name; }",
        ["Regions/Region.cs"] = "namespace Vfio; public sealed unsafe class Region { IDeviceBackend _backend; } internal sealed class MappedMemory { }",
        ["Backends/IDeviceBackend.cs"] = "namespace Vfio.Backends; internal interface IDeviceBackend { MappedMemory Map(); } internal record struct DeviceInfo(int X);",
    };

    private static IReadOnlyList<string> With(string path, string text) =>
        RoomRules.FindViolations(new Dictionary<string, string>(Sound) { [path] = text });

    [Fact]
    public void A_sound_tree_breaks_nothing() => Assert.Empty(RoomRules.FindViolations(Sound));

    [Theory]
    [InlineData("Migration/StateReader.cs", "class StateReader { void M() { Libc.Open(); } }", "Interop's Libc")]
    [InlineData("Migration/StateReader.cs", "class StateReader { void M() { Vfio.Interop.Libc.Open(); } }", "Interop's Libc")]
    [InlineData("Migration/StateReader.cs", "class StateReader(PciBus bus);", "Sysfs's PciBus")]
    [InlineData("Migration/StateReader.cs", "class StateReader { string M() => $\"x {new PciBus()}\"; }", "Sysfs's PciBus")]
    [InlineData("Sysfs/DiskUse.cs", "class DiskUse : List<Region>;", "Regions's Region")]
    [InlineData("Sysfs/DiskUse.cs", "class DiskUse { VfioDevice? Device; }", "(front)'s VfioDevice")]
    [InlineData("Sysfs/DiskUse.cs", "class DiskUse { Region? Region { get; } }", "Regions's Region")]
    [InlineData("Interop/Libc.close.cs", "partial class Libc { PciBus bus; }", "Sysfs's PciBus")]
    [InlineData("Regions/Mmio.cs", "class Mmio { DeviceInfo info; }", "Backends's DeviceInfo")]
    [InlineData("Backends/DeviceFile.cs", "class DeviceFile { Region region; }", "Regions's Region")]
    [InlineData("Backends/DeviceFile.cs", "class DeviceFile { PciBus bus; }", "Sysfs's PciBus")]
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
    public void What_only_looks_like_a_use_is_none(string text) => Assert.Empty(With("Migration/StateReader.cs", text));

    [Fact]
    public void A_folder_that_the_table_does_not_know_is_found() =>
        Assert.Equal(["the room Helpers has no row in the table"], With("Helpers/Utils.cs", "class Utils { }"));

    [Fact]
    public void Cycles_are_found_and_the_known_ones_are_not()
    {
        RoomRules.Use[] uses =
        [
            new("", "Backends", "Regions", ""), new("", "Regions", "Backends", ""), new("", "Binding", "Sysfs", ""), new("", "Sysfs", "Pci", ""),
        ];
        Assert.Empty(RoomRules.FindCycles(uses));
        IReadOnlyList<string> cycles = RoomRules.FindCycles([.. uses, new("", "Pci", "Binding", "")]);
        Assert.Equal(3, cycles.Count);
        Assert.Contains(cycles, cycle => cycle.StartsWith("Pci uses itself", StringComparison.Ordinal));
    }
}
