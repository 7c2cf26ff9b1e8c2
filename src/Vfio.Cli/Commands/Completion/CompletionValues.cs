using System.CommandLine;
using System.Globalization;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Finds the values of an argument or an option, by the word that stands for it in the help.</summary>
internal sealed class CompletionValues(CliHost host, Command root, Command command)
{
    private static readonly string[] Widths = ["8", "16", "32", "64"];
    private static readonly RegionIndex[] Regions =
        [.. Enum.GetValues<RegionIndex>().Where(region => region != RegionIndex.Vga)];

    /// <summary>Returns the values, each with a short description.</summary>
    /// <param name="name">The word: DEV, PLACE, CLASS.</param>
    /// <param name="given">The arguments that precede it on the line.</param>
    public IEnumerable<(string Value, string Description)> Of(string? name, IReadOnlyList<string> given) => name switch
    {
        "DEV" => Devices(given),
        "PLACE" => Places(given),
        "REGION" => Place(given, areNamed: false),
        "CLASS" => Plain(PciClassFilter.Words),
        "BITS" => Plain(Widths),
        "METHOD" => Plain(ResetCommand.Methods),
        "DRIVER" => Plain(new PciBus(host.Root)
            .GetDevices()
            .Select(device => device.Driver ?? "none")
            .Distinct()
            .Order(StringComparer.Ordinal)),
        "N" => new PciBus(host.Root)
            .GetGroups()
            .Select(group => (group.Number.ToString(CultureInfo.InvariantCulture), Describe(group))),
        "VENDOR:DEVICE" => new PciBus(host.Root).GetDevices()
            .Select(device => (
                string.Create(CultureInfo.InvariantCulture, $"{device.VendorId:x4}:{device.DeviceId:x4}"),
                DeviceNames.ClassWord(device.Class)))
            .Distinct(),
        "COMMAND" =>
            root.Subcommands.Where(child => !child.Hidden).Select(child => (child.Name, child.Description ?? "")),
        "SHELL" => Plain(CompletionScripts.Shells),
        "USER" => [(CompletionScripts.Users, "")],
        "FILE" or "SCRIPT" or "DUMP" or "OLD" or "NEW" => [(CompletionScripts.Files, "")],
        _ => [],
    };

    private static IEnumerable<(string, string)> Plain(IEnumerable<string> values) =>
        values.Select(value => (value, ""));

    private static string Describe(IommuGroup group) =>
        group.Devices.Count == 1 ? "1 device" : $"{group.Devices.Count} devices";

    // The names that people use come first, then the addresses, with and without the domain.
    private IEnumerable<(string, string)> Devices(IReadOnlyList<string> given)
    {
        JournalEntry[] taken = [.. new BindingJournal(host.Root).GetEntries()];
        HashSet<PciAddress> journal = [.. taken.Select(entry => entry.Address)];
        bool areTaken = command.Name == ResetCommand.Name
            || command.Arguments.Any(argument => argument.Name is "PLACE" or "REGION" or "VALUE" or "SCRIPT");
        PciDeviceInfo[] all = [.. new PciBus(host.Root).GetDevices()];
        PciDeviceInfo[] devices = [.. all.Where(device =>
            command.Name == BindCommand.Name ? device is { HasVfioDriver: false, IsBridge: false }
            : command.Name == ReleaseCommand.Name ? journal.Contains(device.Address)
            : !areTaken || device.HasVfioDriver)];
        HashSet<PciAddress> wanted = [.. devices.Select(device => device.Address)];
        Dictionary<PciAddress, string> about = devices.ToDictionary(
            device => device.Address,
            device => $"{DeviceNames.ClassWord(device.Class)}, {device.Driver ?? "no driver"}");
        IEnumerable<(string Name, PciAddress Device)> names = new HostNames(host.Root)
            .GetAll()
            .Select(name => (name.Name, name.Device))
            .Concat(taken.SelectMany(entry => DeviceArgument.NamesOf(entry).Select(name => (name, entry.Address))));
        return names.Where(name => wanted.Contains(name.Device))
            .Distinct()
            .Select(name => (name.Name, $"{name.Device} {about[name.Device]}"))
            .Concat(devices.Select(device => (device.Address.ToString(), about[device.Address])))
            .Concat(devices.Where(device => device.Address.Domain == 0)
                .Select(device => (device.Address.ToString()["0000:".Length..], about[device.Address])))
            .Concat(command.Name is BindCommand.Name or ReleaseCommand.Name ? [] : ModelTarget.All)
            .Where(answer => !given.Contains(answer.Item1));
    }

    private IEnumerable<(string, string)> Places(IReadOnlyList<string> given) =>
        (Find(given)?.NameRegisters(host).Registers ?? [])
            .Select(register => (register.Name, register.Meaning))
            .Concat(Place(given, areNamed: true));

    // Returns the regions of the device, or all possible regions if the device is unknown.
    private IEnumerable<(string, string)> Place(IReadOnlyList<string> given, bool areNamed)
    {
        string[]? there = Find(given) is DeviceTarget target
            ? [.. target.ListRegions(host).Select(region => region.Name), new Place(RegionIndex.Config, 0).RegionName]
            : null;
        return Regions.Select(region => new Place(region, 0).RegionName)
            .Where(region => there is null || there.Contains(region))
            .Select(region => (region, areNamed ? $"the start of {region}; or {region}+0x10" : ""));
    }

    private DeviceTarget? Find(IReadOnlyList<string> given) =>
        given.Count != 0
        && DeviceArgument.TryFind(host, given[0], out DeviceTarget? target, out _, out _)
        && target.Exists(host)
            ? target
            : null;
}
