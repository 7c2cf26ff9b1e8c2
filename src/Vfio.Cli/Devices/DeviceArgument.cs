using System.Diagnostics.CodeAnalysis;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Finds the device that a user names, by its address or by a name that the host gives it.</summary>
internal static class DeviceArgument
{
    private const string Examples = "a device is named like 0000:00:14.3, 00:14.3, eth0 or nvme0n1";

    // More suggestions would not help.
    private const int MostHints = 4;

    /// <summary>Finds a device.</summary>
    /// <param name="host">The host, on which names are looked up.</param>
    /// <param name="text">What the user typed.</param>
    /// <param name="target">The device. If the text is an address, the device need not exist.</param>
    /// <param name="mistake">What is wrong, if the method returns <see langword="false"/>.</param>
    /// <param name="hint">What the user can do about it.</param>
    public static bool TryFind(
        CliHost host, string text, [NotNullWhen(true)] out DeviceTarget? target, out string mistake, out string hint)
    {
        mistake = "";
        hint = "vfio list shows the devices and their names";
        if (IsModel(text))
        {
            target = ModelTarget.Find(text);
            mistake = $"'{Symbols.Quote(text)}' is not a device model";
            hint = $"the device models are: {string.Join(", ", ModelTarget.All.Select(model => model.Name))}";
            return target is not null;
        }

        bool isFound = TryFindAddress(host, text, out PciAddress address, ref mistake, ref hint);
        target = isFound ? new HostTarget(address) : null;
        return isFound;
    }

    /// <summary>Returns whether a text names a device model, even one that does not exist.</summary>
    public static bool IsModel(string text) => text.StartsWith(ModelTarget.Prefix, StringComparison.Ordinal);

    private static bool TryFindAddress(
        CliHost host, string text, out PciAddress address, ref string mistake, ref string hint)
    {
        if (PciAddress.TryParse(text, out address))
        {
            return true;
        }

        string quoted = Symbols.Quote(text);
        if (Habits.AddressIn(text) is PciAddress meant)
        {
            mistake = $"'{quoted}' is not how a device is named here; {Examples}";
            hint = $"did you mean {meant}?";
            return false;
        }

        if (IdFilter.TryParse(text, out IdFilter? ids) && ids is { VendorId: not null, DeviceId: not null })
        {
            mistake = $"'{quoted}' is a vendor and device ID, which several devices may have; {Examples}";
            hint = $"vfio list --id {quoted} lists the devices that have it";
            return false;
        }

        if (!HostNames.IsName(text))
        {
            mistake = $"'{quoted}' is not a device; {Examples}";
            return false;
        }

        return TryFindName(host, text, quoted, out address, ref mistake, ref hint);
    }

    // Finds a device by a name that the host gives it, or gave it before it was bound.
    private static bool TryFindName(
        CliHost host, string text, string quoted, out PciAddress address, ref string mistake, ref string hint)
    {
        address = default;
        HostNames names = new(host.Root);
        IReadOnlyList<JournalEntry> taken = new BindingJournal(host.Root).GetEntries();
        PciAddress[] found = [.. names.Find(text)
            .Concat(taken.Where(entry => entry.HadName(text)).Select(entry => entry.Address))
            .Distinct()
            .Order()];
        switch (found.Length)
        {
            case 1:
                address = found[0];
                return true;
            case > 1:
                mistake = $"'{quoted}' is {found.Length} devices: "
                    + $"{string.Join(", ", found.Take(MostHints))}{(found.Length > MostHints ? ", …" : "")}";
                hint = "use the address of one of them";
                return false;
        }

        mistake = LooksLikeAddress(text)
            ? $"'{quoted}' is not a PCI address; one looks like 0000:00:14.3 (domain:bus:device.function)"
            : names.IsVirtual(text) ? $"'{quoted}' belongs to no PCI device: it is virtual"
            : $"'{quoted}' is not a device of this host; {Examples}";
        string[] similar = Similar(text, names.GetAll().Select(name => name.Name).Concat(taken.SelectMany(NamesOf)));
        if (similar.Length != 0)
        {
            hint = $"did you mean {string.Join(" or ", similar)}? {hint}";
        }

        return false;
    }

    /// <summary>Returns the names that the host gave a device before it was bound.</summary>
    public static IEnumerable<string> NamesOf(JournalEntry entry) =>
        entry.Interfaces.Select(state => state.Name).Concat(entry.OtherNames).Concat(entry.Disks);

    private static bool LooksLikeAddress(string text) =>
        text.Contains(':') && text.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.');

    private static string[] Similar(string text, IEnumerable<string> names) =>
        [.. names.Distinct()
            .Select(name => (Name: name, Distance: EditDistance.Of(name, text)))
            .Where(candidate => candidate.Distance <= 1 + (candidate.Name.Length / 4))
            .OrderBy(candidate => candidate.Distance)
            .ThenBy(candidate => candidate.Name, StringComparer.Ordinal)
            .Take(MostHints)
            .Select(candidate => Printable.Clean(candidate.Name))];
}
