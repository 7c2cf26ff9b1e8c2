using System.CommandLine;
using System.CommandLine.Parsing;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>Creates the arguments and options that several commands have, with their parsers and errors.</summary>
internal static class Symbols
{
    private const int QuotedColumns = 40;

    // The names are the values of VfioDevice.BackendName.
    private static readonly Dictionary<string, VfioBackend> BackendNames = new()
    {
        ["iommufd"] = VfioBackend.Iommufd,
        ["type1v2"] = VfioBackend.Type1v2,
        ["type1"] = VfioBackend.Type1,
        ["compatible-type1v2"] = VfioBackend.CompatibleType1v2,
        ["compatible-type1"] = VfioBackend.CompatibleType1,
        ["noiommu"] = VfioBackend.NoIommu,
    };

    private const string PlaceDescription =
        "A register's name, or a region and an offset: STATUS, bar0+0x10, config+4, rom+0";

    public static Option<bool> Flag(string name, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, Arity = ArgumentArity.Zero };

    public static Option<bool> Json() => Flag("--json", "Print JSON (docs/cli.md describes the fields)");

    public static Argument<DeviceTarget> Device(CliHost host) => new("DEV")
    {
        Description = "The device: its PCI address, network interface or disk (00:14.3, eth0, nvme0n1), or a "
            + "device model (emu:edu)",
        CustomParser = result => FindDevice(host, result, result.Tokens[0].Value),
    };

    /// <summary>Creates the argument for one device, or none.</summary>
    public static Argument<DeviceTarget?> DeviceOrNone(CliHost host) => new("DEV")
    {
        Description = "The device: its PCI address, network interface or disk (00:14.3, eth0, nvme0n1), or a "
            + "device model (emu:edu)",
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = result => result.Tokens.Count == 0 ? null : FindDevice(host, result, result.Tokens[0].Value),
    };

    /// <param name="host">The host, on which names are looked up.</param>
    /// <param name="isOptional">Whether the argument may be omitted.</param>
    public static Argument<DeviceTarget[]> Devices(CliHost host, bool isOptional = false) => new("DEV")
    {
        Description = "The devices: PCI addresses, network interfaces or disks (00:14.3, eth0, nvme0n1), or "
            + "device models (emu:edu)",
        Arity = isOptional ? ArgumentArity.ZeroOrMore : ArgumentArity.OneOrMore,
        CustomParser = result => [.. result.Tokens
            .Select(token => FindDevice(host, result, token.Value))
            .DistinctBy(target => target?.Name)],
    };

    /// <summary>Creates the option for the backend that opens a device of the host.</summary>
    public static Option<VfioBackend> Backend()
    {
        Option<VfioBackend> option = new("--backend")
        {
            Description =
                $"The backend to use: {string.Join(", ", BackendNames.Keys)}. By default, the best one available",
            HelpName = "NAME",
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (!BackendNames.TryGetValue(text, out VfioBackend backend))
                {
                    result.AddError(
                        $"'{Quote(text)}' is not a backend; use one of {string.Join(", ", BackendNames.Keys)}");
                }

                return backend;
            },
        };
        option.CompletionSources.Add([.. BackendNames.Keys]);
        return option;
    }

    /// <summary>Returns the device that was named, with the backend that was chosen.</summary>
    public static DeviceTarget Target(ParseResult result, Argument<DeviceTarget> device, Option<VfioBackend> backend) =>
        result.GetRequiredValue(device) with { Backend = result.GetValue(backend) };

    public static Argument<PlaceText> Place() => new("PLACE")
    {
        Description = PlaceDescription,
        CustomParser = result => ParsePlace(result, result.Tokens[0].Value),
    };

    public static Argument<PlaceText[]> Places() => new("PLACE")
    {
        Description = PlaceDescription,
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result => [.. result.Tokens.Select(token => ParsePlace(result, token.Value))],
    };

    public static Argument<ulong> Value() => new("VALUE")
    {
        Description = "The value, decimal or hexadecimal with 0x",
        CustomParser = result => ParseNumber(result, 0, ulong.MaxValue, "a value", Cli.Number.Expected),
    };

    /// <summary>Creates the option for the access width in bits.</summary>
    public static Option<int?> Width() => new("-w", "--width")
    {
        Description =
            "Width of an access in bits: 8, 16, 32 or 64. By default, the width of the named register, otherwise 32",
        HelpName = "BITS",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (Cli.Number.TryParse(text, out ulong bits) && bits is 8 or 16 or 32 or 64)
            {
                return (int)bits;
            }

            result.AddError($"'{Quote(text)}' is not a width; use 8, 16, 32 or 64");
            return 0;
        },
    };

    /// <summary>Creates an option for a whole number.</summary>
    /// <param name="names">The name of the option, and its short name if there is one.</param>
    /// <param name="helpName">The placeholder for the number in the help.</param>
    /// <param name="description">The description of the option.</param>
    /// <param name="min">The minimum.</param>
    /// <param name="max">The maximum.</param>
    public static Option<int?> Number(string[] names, string helpName, string description, int min, int max) =>
        new(names[0], names[1..])
        {
            Description = description,
            HelpName = helpName,
            CustomParser = result => (int)ParseNumber(
                result,
                (ulong)min,
                (ulong)max,
                $"{(names[0].TrimStart('-')[0] is 'a' or 'e' or 'i' or 'o' or 'u' ? "an" : "a")} "
                + $"{names[0].TrimStart('-')}",
                $"use a number from {min} to {max}"),
        };

    /// <summary>Creates the option for the time to wait for programs that hold a device.</summary>
    public static Option<int?> Timeout() => Number(
        ["--timeout"],
        "SECONDS",
        "Wait up to this long for programs that hold a device, and name them",
        1,
        24 * 60 * 60);

    /// <summary>
    /// Returns that time for the library; the programs that it waits for are named on standard error.
    /// </summary>
    public static HolderWait Patience(CliHost host, ParseResult result, Option<int?> timeout, CancellationToken stop) =>
        Patience(host, TimeSpan.FromSeconds(result.GetValue(timeout) ?? 0), stop);

    /// <summary>
    /// Returns a wait of the given time for programs that hold a device, which names them on standard error.
    /// </summary>
    public static HolderWait Patience(CliHost host, TimeSpan time, CancellationToken stop) => new(time)
    {
        Waiting = (device, holders) => host.Tell(Printable.Clean(
            $"vfio: waiting up to {time.TotalSeconds} s for {string.Join(", ", holders)} to close {device}")),
        Delayed = (device, why) => host.Tell(Printable.Clean($"vfio: {device}: {why}")),
        CancellationToken = stop,
    };

    /// <summary>Sanitizes and shortens what a user typed, so that it can be part of a message.</summary>
    public static string Quote(string text) => Printable.Shorten(Printable.Clean(text), QuotedColumns);

    private static DeviceTarget FindDevice(CliHost host, ArgumentResult result, string text)
    {
        if (!DeviceArgument.TryFind(host, text, out DeviceTarget? target, out string mistake, out string hint))
        {
            result.AddError($"{mistake}\n{hint}");
        }

        return target!;
    }

    private static PlaceText ParsePlace(ArgumentResult result, string text)
    {
        if (!PlaceText.TryParse(text, out PlaceText place, out string mistake))
        {
            result.AddError(mistake);
        }

        return place;
    }

    /// <summary>Parses a number, and reports an error if the text is not one.</summary>
    public static ulong ParseNumber(ArgumentResult result, ulong min, ulong max, string what, string expected)
    {
        string text = result.Tokens[0].Value;
        if (Cli.Number.TryParse(text, out ulong value) && value >= min && value <= max)
        {
            return value;
        }

        result.AddError($"'{Quote(text)}' is not {what}; {expected}");
        return 0;
    }
}
