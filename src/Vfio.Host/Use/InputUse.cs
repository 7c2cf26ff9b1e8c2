namespace Vfio.Host;

/// <summary>Keyboards, mice and the like that hang on a device: on a USB controller, as a rule.</summary>
internal sealed class InputUse(HostRoot host)
{
    // proc(5) has not; drivers/input/input.c: a block for each, with lines "S: Sysfs=/devices/…" and "H: Handlers=sysrq kbd event2 leds".
    private readonly List<(string Folder, string[] Handlers)> _inputs = Read(SysfsFile.ReadLines(host.Combine("proc/bus/input/devices")));

    /// <summary>The nodes of those that hang on a bus of the device.</summary>
    public string[] Of(PciDeviceInfo device) =>
        [.. UsedFiles.Below(host, device).Where(file => file is { IsInputOnBus: true, Subsystem: "input" }).Select(file => file.Path)];

    /// <summary>Whether every keyboard of the host hangs on the device.</summary>
    public bool HasOnlyKeyboard(PciDeviceInfo device)
    {
        string? folder = SysfsPath.Resolve(host, $"/sys/bus/pci/devices/{device.Address}");
        // What has all keys of a keyboard has the magic SysRq's.
        (string Folder, string[] Handlers)[] keyboards = [.. _inputs.Where(input => input.Handlers.Contains("sysrq"))];
        return folder is not null && keyboards.Length != 0 && Array.TrueForAll(keyboards, keyboard => $"/sys{keyboard.Folder}/".StartsWith(folder + "/", StringComparison.Ordinal));
    }

    private static List<(string, string[])> Read(string[] lines)
    {
        const string Sysfs = "S: Sysfs=";
        const string Handlers = "H: Handlers=";
        List<(string, string[])> inputs = [];
        string folder = "";
        foreach (string line in lines)
        {
            if (line.StartsWith(Sysfs, StringComparison.Ordinal))
            {
                folder = line[Sysfs.Length..];
            }
            else if (line.StartsWith(Handlers, StringComparison.Ordinal))
            {
                inputs.Add((folder, line[Handlers.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)));
            }
        }

        return inputs;
    }
}
