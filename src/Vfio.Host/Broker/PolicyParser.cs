using System.Globalization;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>Parses the lines of a policy: <c>allow|deny WHO DEVICES [BACKEND]</c>.</summary>
internal static class PolicyParser
{
    public const int MostRules = 1000;

    private const int QuotedCharacters = 40;
    private const string Any = "any";
    private const uint AllClassBits = 0xff_ffff;

    public static PolicyRule[] Parse(string text, string name)
    {
        List<PolicyRule> rules = [];
        int number = 0;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            number++;
            int comment = line.IndexOf('#');
            string[] words = (comment < 0 ? line : line[..comment])
                .ToString()
                .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
            {
                continue;
            }

            if (rules.Count == MostRules)
            {
                throw Wrong(name, number, $"there are more than {MostRules} rules");
            }

            try
            {
                rules.Add(ParseRule(words, number));
            }
            catch (FormatException e)
            {
                throw Wrong(name, number, e.Message);
            }
        }

        return [.. rules];
    }

    private static PolicyRule ParseRule(string[] words, int line) =>
        words is ["deny", var who, ..] && Rest(who, "group:") is not null
            ? throw new FormatException("a rule cannot deny a group, because a user can leave it (user namespaces); "
                + "deny users, or allow only the groups that need access")
            : words.Length is 3 or 4
            ? new PolicyRule(line, ParseAction(words[0]), ParseWho(words[1]), ParseDevices(words[2]), words.Length == 4
                ? ParseBackend(words[3])
                : BrokerBackend.Any)
            : throw new FormatException(
                $"a rule has 3 or 4 words, but this one has {words.Length}: allow|deny WHO DEVICES [BACKEND]");

    private static bool ParseAction(string word) => word switch
    {
        "allow" => true,
        "deny" => false,
        _ => throw new FormatException($"{Quote(word)} is not an action; use allow or deny"),
    };

    private static PolicyWho ParseWho(string word)
    {
        if (word == Any)
        {
            return default;
        }

        if (Rest(word, "user:") is string user)
        {
            return new PolicyWho(
                ParseNumber(user)
                ?? UserDatabase.Find(user)?.Uid
                ?? throw new FormatException($"this host has no user {Quote(user)}"),
                null);
        }

        return Rest(word, "group:") is string group
            ? new PolicyWho(
                null,
                ParseNumber(group)
                ?? UserDatabase.FindGroup(group)
                ?? throw new FormatException($"this host has no group {Quote(group)}"))
            : throw new FormatException(
                $"{Quote(word)} is not a valid WHO; use user:NAME, group:NAME (or an ID instead of the name) or any");
    }

    private static PolicyDevices ParseDevices(string word)
    {
        if (word == Any)
        {
            return default;
        }

        if (Rest(word, "device:") is string address)
        {
            return PciAddress.TryParse(address, out PciAddress at)
                ? default(PolicyDevices) with { Address = at }
                : throw new FormatException($"{Quote(address)} is not a PCI address; use a form like 0000:00:14.3");
        }

        if (Rest(word, "id:") is string ids)
        {
            return ParseIds(ids)
                ?? throw new FormatException($"{Quote(ids)} is not a vendor and device ID; use a form like 8086:10d3, "
                    + $"or 8086:* for all devices of a vendor");
        }

        return Rest(word, "class:") is string code
            ? ParseClass(code)
                ?? throw new FormatException(
                    $"{Quote(code)} is not a class; use 2, 4 or 6 hexadecimal digits: 02, 0200, 010802")
            : throw new FormatException(
                $"{Quote(word)} is not a valid DEVICES; use device:ADDRESS, id:VENDOR:DEVICE, class:CODE or any");
    }

    private static BrokerBackend ParseBackend(string word) => word switch
    {
        "iommufd" => BrokerBackend.Iommufd,
        "group" => BrokerBackend.Group,
        Any => BrokerBackend.Any,
        _ => throw new FormatException($"{Quote(word)} is not a backend; use iommufd, group or any"),
    };

    private static PolicyDevices? ParseIds(string ids)
    {
        const int Digits = 4;
        if (ids.Split(':') is not [string vendor, string device] || ParseHex(vendor, Digits) is not uint vendorId)
        {
            return null;
        }

        return device == "*"
            ? default(PolicyDevices) with { Vendor = (ushort)vendorId }
            : ParseHex(device, Digits) is uint deviceId
                ? default(PolicyDevices) with { Vendor = (ushort)vendorId, Device = (ushort)deviceId }
            : null;
    }

    private static PolicyDevices? ParseClass(string code)
    {
        int missing = (6 - code.Length) * 4;
        return code.Length is 2 or 4 or 6 && ParseHex(code, code.Length) is uint value
            ? default(PolicyDevices) with
            {
                Class = value << missing,
                ClassMask = (AllClassBits << missing) & AllClassBits,
            }
            : null;
    }

    private static uint? ParseHex(string text, int digits) =>
        text.Length == digits
        && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value)
            ? value
            : null;

    // The kernel reserves the greatest number: it is not a user.
    private static uint? ParseNumber(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number != uint.MaxValue
            ? number
            : null;

    private static string? Rest(string word, string prefix) =>
        word.StartsWith(prefix, StringComparison.Ordinal) ? word[prefix.Length..] : null;

    private static string Quote(string word) =>
        word.Length <= QuotedCharacters ? $"'{word}'" : $"'{word[..QuotedCharacters]}…'";

    private static VfioException Wrong(string name, int line, string reason) =>
        new(
            "read",
            string.Create(CultureInfo.InvariantCulture, $"{name}:{line}"),
            reason,
            "fix the line (docs/broker.md describes the format), then check the policy with vfio broker --check");
}
