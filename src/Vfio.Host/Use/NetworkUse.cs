using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Finds the uses of network interfaces: up with an address, carrying a route, port of a bridge or bond.
/// </summary>
/// <remarks>Interfaces that were moved to another network namespace cannot be seen from this one.</remarks>
internal sealed class NetworkUse(HostRoot host)
{
    private readonly ClassDevices _interfaces = new(host, "net");
    private readonly Dictionary<string, string> _routes = ReadRoutes(host);
    private readonly IReadOnlyList<(string Interface, IPAddress Address)> _ipv4Addresses =
        host.IsRunningHost ? NetworkInterfaceIoctl.GetIPv4Addresses() : [];

    private readonly Dictionary<string, string> _ipv6Addresses = ReadIPv6Addresses(host);

    public IReadOnlyList<string> Interfaces(PciAddress device) => _interfaces.On(device);

    public bool IsUp(string name) => ((ReadFlags(name) ?? 0) & NetworkUapi.IFF_UP) != 0;

    public IEnumerable<DeviceUse> Of(PciAddress device)
    {
        foreach (string name in _interfaces.On(device))
        {
            if (_routes.TryGetValue(name, out string? route))
            {
                yield return new DeviceUse(RefusalReason.Route, "interface", name, $"carries {route}");
            }

            if (ReadFlags(name) is null)
            {
                yield return new DeviceUse(
                    RefusalReason.Address, $"the state of its interface {name} cannot be read, so it counts as in use");
            }

            if (!IsUp(name))
            {
                continue;
            }

            if (Address(name) is string address)
            {
                yield return new DeviceUse(
                    RefusalReason.Address, "interface", name, $"is up with the address {address}");
            }

            if (SysfsFile.ReadLinkName(Attribute(name, "master")) is string master)
            {
                yield return new DeviceUse(RefusalReason.Port, "interface", name, $"is up as a port of {master}");
            }

            foreach (string upper in SysfsFile.Names(host.Combine($"sys/class/net/{name}"))
                .Where(entry => entry.StartsWith("upper_", StringComparison.Ordinal))
                .Select(entry => entry["upper_".Length..])
                .Where(upper => IsUp(upper) && upper != SysfsFile.ReadLinkName(Attribute(name, "master"))))
            {
                yield return new DeviceUse(RefusalReason.Port, "interface", name, $"carries {upper}, which is up");
            }
        }
    }

    private string Attribute(string name, string attribute) => host.Combine($"sys/class/net/{name}/{attribute}");

    private uint? ReadFlags(string name) =>
        SysfsFile.Read(Attribute(name, "flags")) is string text
        && text.StartsWith("0x", StringComparison.Ordinal)
        && uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint flags)
            ? flags
            : null;

    // No file shows the interface of an IPv4 address, so the running kernel is queried.
    private string? Address(string name) => _ipv4Addresses.FirstOrDefault(item => item.Interface == name).Address
        ?.ToString()
        ?? _ipv6Addresses.GetValueOrDefault(name);

    // The columns are Iface Destination Gateway Flags RefCnt Use Metric Mask …, with numbers in hexadecimal.
    private static Dictionary<string, string> ReadRoutes(HostRoot host)
    {
        Dictionary<string, string> routes = [];
        foreach (string line in SysfsFile.ReadLines(host.Combine("proc/net/route")).Skip(1))
        {
            string[] fields = line.Split('\t', StringSplitOptions.TrimEntries);
            if (fields.Length > 7)
            {
                Note(routes, fields[0], isDefault: fields[1] == "00000000" && fields[7] == "00000000");
            }
        }

        // The columns for IPv6 are destination, prefix length, source, its prefix length, next hop, metric, references,
        // use, flags and interface.
        foreach (string line in SysfsFile.ReadLines(host.Combine("proc/net/ipv6_route")))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 10 && fields[9] != "lo" && !fields[0].StartsWith("fe80", StringComparison.Ordinal)
                && !fields[0].StartsWith("ff", StringComparison.Ordinal))
            {
                Note(routes, fields[9], isDefault: fields[1] == "00");
            }
        }

        return routes;
    }

    private static void Note(Dictionary<string, string> routes, string name, bool isDefault)
    {
        if (isDefault)
        {
            routes[name] = "the default route";
        }
        else
        {
            routes.TryAdd(name, "a route");
        }
    }

    // The columns are address (32 digits), interface index, prefix length, scope, flags and name. Scope 20h is
    // link-local: every interface that is up has such an address, so it is not a sign of use.
    private static Dictionary<string, string> ReadIPv6Addresses(HostRoot host)
    {
        Dictionary<string, string> addresses = [];
        foreach (string line in SysfsFile.ReadLines(host.Combine("proc/net/if_inet6")))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 6
                && fields[3] != "20"
                && UInt128.TryParse(
                    fields[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 value))
            {
                byte[] bytes = new byte[16];
                BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
                addresses.TryAdd(fields[5], new IPAddress(bytes).ToString());
            }
        }

        return addresses;
    }
}
