using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Resets only one device, not its bus.</summary>
internal static class FunctionReset
{
    public static int Run(CliHost host, DeviceTarget target, string? method, bool isDryRun, bool isJson)
    {
        PciAddress? address = (target as HostTarget)?.Address;
        if (address is null && method is not null)
        {
            throw new CliException(
                $"reset: {target.Name} is a device model, which has only one reset method",
                "omit --method: it is only for devices of the host");
        }

        if (address is PciAddress taken)
        {
            Check(host, taken, method, isDryRun);
        }

        // A signal during the reset must not leave the chosen reset method behind.
        using SignalGuard guard = new();
        using ResetMethodOverride? choice = method is null || isDryRun
            ? null
            : ResetMethods.Override(address!.Value, [method], host.Root);
        IReadOnlyList<string> methods = choice?.Methods
            ?? (method is not null ? [method] : address is PciAddress known ? ResetMethods.Get(known, host.Root) : []);
        if (!isDryRun)
        {
            Reset(host, target);
            choice?.Restore(); // disposal does not say if it fails
        }

        return guard.ExitCodeOr(ChangeReport.Write(
            host, isDryRun ? null : $"reset: {target.Name} was reset", "what its registers held is lost", report =>
            {
                Write(report, target, methods, isDryRun, isJson);
                return ExitCode.Done;
            }));
    }

    // A device with a host driver is not changed, nor are its reset methods. A dry run must not announce what would be
    // refused.
    private static void Check(CliHost host, PciAddress address, string? method, bool isDryRun)
    {
        PciDeviceInfo device = new PciBus(host.Root).Get(address);
        if (!device.HasVfioDriver)
        {
            throw new CliException(
                $"reset: {address} is not bound to VFIO: "
                + $"{(device.Driver is null ? "it has no driver" : $"its driver is {device.Driver}")}",
                device.IsBridge ? "bridges and ports cannot be bound" : $"bind it first: vfio bind {address}");
        }

        IReadOnlyList<string> methods = isDryRun ? ResetMethods.Get(address, host.Root) : [];
        if (isDryRun && methods.Count == 0)
        {
            throw NoWay(host, address, $"{address}");
        }

        if (isDryRun && method is not null && !methods.Contains(method))
        {
            throw new CliException(
                $"reset: the kernel does not list {method} for {address}",
                $"it lists {Printable.Clean(string.Join(", ", methods))}");
        }
    }

    private static void Reset(CliHost host, DeviceTarget target)
    {
        using VfioDevice device = target.Open(host);
        if (!device.CanReset)
        {
            throw NoWay(host, (target as HostTarget)?.Address, target.Name);
        }

        device.Reset();
    }

    private static CliException NoWay(CliHost host, PciAddress? address, string name)
    {
        bool hasBridge = address is PciAddress known && new PciBus(host.Root).Find(known)?.GetParent() is not null;
        return new CliException(
            $"reset: the kernel has no method to reset only {name}",
            hasBridge
                ? $"vfio reset --hot {name} resets the whole bus, if that is possible"
                : "its bus cannot be reset either: there is no bridge above it");
    }

    private static void Write(
        CliHost host, DeviceTarget target, IReadOnlyList<string> methods, bool isDryRun, bool isJson)
    {
        if (isJson)
        {
            Json.Write(
                host.Out, new DeviceResetDocument(target.Name, "device", isDryRun, !isDryRun, methods), CliJson.Write);
            return;
        }

        // If there are several methods, the kernel does not report which one it used.
        string how = methods.Count == 0 ? "" : $" ({Printable.Clean(string.Join(", else ", methods))})";
        host.Out.WriteLine(isDryRun ? $"{target.Name} would be reset{how}" : $"{target.Name} was reset{how}");
    }
}

/// <summary>Describes a reset of only one device, done or not, as JSON.</summary>
internal sealed record DeviceResetDocument(
    string Address, string Scope, bool DryRun, bool IsReset, IReadOnlyList<string> Methods);
