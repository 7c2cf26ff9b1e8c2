namespace Vfio.Host;

/// <summary>
/// Finds keyboards, mice and other input devices that are connected to a device, usually a USB controller.
/// </summary>
internal sealed class InputUse(HostRoot host)
{
    // Not described in proc(5); see drivers/input/input.c. There is a block for each input device, with lines "S:
    // Sysfs=/devices/…" and "H: Handlers=sysrq kbd event2 leds".
    private readonly List<(string Folder, string[] Handlers)> _inputs = Read(
        SysfsFile.ReadLines(host.Combine("proc/bus/input/devices")));

    /// <summary>Gets the nodes of the input devices on a bus of the device.</summary>
    public string[] Of(PciDeviceInfo device) =>
        [.. UsedFiles.Below(host, device)
            .Where(file => file is { IsInputOnBus: true, Subsystem: "input" })
            .Select(file => file.Path)];

    /// <summary>Gets whether every keyboard of the host is connected to the device.</summary>
    public bool HasOnlyKeyboard(PciDeviceInfo device)
    {
        string? folder = SysfsPath.Resolve(host, $"/sys/bus/pci/devices/{device.Address}");
        // A device with all keys of a keyboard has the handler of the magic SysRq key.
        (string Folder, string[] Handlers)[] keyboards = [.. _inputs.Where(input => input.Handlers.Contains("sysrq"))];
        return folder is not null
            && keyboards.Length != 0
            && Array.TrueForAll(
                keyboards, keyboard => $"/sys{keyboard.Folder}/".StartsWith(folder + "/", StringComparison.Ordinal));
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
