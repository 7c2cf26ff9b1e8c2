namespace Vfio.Cli;

/// <summary>Resets a device alone.</summary>
internal static class FunctionReset
{
    public static int Run(CliHost host, DeviceTarget target, string? method, bool isDryRun, bool isJson)
    {
        PciAddress? address = (target as HostTarget)?.Address;
        if (address is null && method is not null)
        {
            throw new CliException($"reset: {target.Name} is a model, which has one way to be reset", "--method is for devices of the host");
        }

        // In the midst of it the choice would stay behind.
        using SignalGuard guard = new();
        using ResetMethodChoice? choice = method is null || isDryRun ? null : DeviceReset.ChooseMethods(address!.Value, [method], host.Root);
        IReadOnlyList<string> methods = choice?.Methods ?? (method is not null ? [method] : address is PciAddress known ? DeviceReset.ReadMethods(known, host.Root) : []);
        if (!isDryRun)
        {
            Reset(host, target);
        }

        Write(host, target, methods, isDryRun, isJson);
        return guard.ExitCodeOr(ExitCode.Done);
    }

    private static void Reset(CliHost host, DeviceTarget target)
    {
        using VfioDevice device = target.Open(host);
        if (!device.CanReset)
        {
            throw new CliException(
                $"reset: the kernel knows no way to reset {target.Name} alone", $"vfio reset --hot {target.Name} resets the bus it is on, where that can be done");
        }

        device.Reset();
    }

    private static void Write(CliHost host, DeviceTarget target, IReadOnlyList<string> methods, bool isDryRun, bool isJson)
    {
        if (isJson)
        {
            using Json json = new(host.Out);
            json.Writer.WriteStartObject();
            json.Writer.WriteString("address", target.Name);
            json.Writer.WriteString("scope", "device");
            json.Writer.WriteBoolean("dryRun", isDryRun);
            json.Writer.WriteBoolean("isReset", !isDryRun);
            json.Writer.WriteNames("methods", methods);
            json.Writer.WriteEndObject();
            return;
        }

        // Which of several the kernel took it does not say.
        string how = methods.Count == 0 ? "" : $" ({Printable.Clean(string.Join(", else ", methods))})";
        host.Out.WriteLine(isDryRun ? $"{target.Name} would be reset{how}" : $"{target.Name} was reset{how}");
    }
}
