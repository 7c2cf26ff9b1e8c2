using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Finds the devices on which the host shows its screen: the boot display, the console's framebuffer, the firmware's.
/// </summary>
internal sealed class DisplayUse(HostRoot host)
{
    private const string ConsoleFramebuffer = "fb0";

    private readonly ClassDevices _framebuffers = new(host, "graphics");
    private readonly List<(ulong Start, ulong End)> _firmwareFramebuffers = ReadFirmwareFramebuffers(host);

    /// <summary>Gets whether <c>/proc/iomem</c> shows addresses to this user.</summary>
    public bool SeesAddresses => SysfsFile.ReadLines(host.Combine("proc/iomem"))
        .Any(line => line.Split(" : ", 2)[0].Any(c => c is not ('0' or '-' or ' ')));

    public IEnumerable<DeviceUse> Of(PciDeviceInfo device)
    {
        if (device.Class.BaseClass != PciClass.Display)
        {
            yield break;
        }

        if (device.IsBootDisplay())
        {
            yield return new DeviceUse(RefusalReason.Display, "it is the boot display");
        }
        else if (_framebuffers.On(device.Address).Contains(ConsoleFramebuffer))
        {
            yield return new DeviceUse(
                RefusalReason.Display, $"it carries the console's framebuffer {ConsoleFramebuffer}");
        }
        else if (HasFirmwareFramebuffer(device))
        {
            yield return new DeviceUse(
                RefusalReason.Display, "the firmware's framebuffer is in its memory (sysfb, simpledrm)");
        }
    }

    /// <summary>Gets whether the firmware's framebuffer is in a device's memory.</summary>
    // Each line of "resource" has start, end and flags of a BAR.
    public bool HasFirmwareFramebuffer(PciDeviceInfo device) =>
        _firmwareFramebuffers.Count != 0
        && SysfsFile.ReadLines(device.Attribute("resource"))
            .Select(line => line.Split(' '))
            .Any(fields => fields.Length == 3
                && HexText.TryParse(fields[0], out ulong start)
                && HexText.TryParse(fields[1], out ulong end)
                && end != 0
                && _firmwareFramebuffers.Exists(range => range.Start >= start && range.End <= end));

    // /proc/iomem shows addresses to root only; for other users they are zero and match nothing.
    private static List<(ulong, ulong)> ReadFirmwareFramebuffers(HostRoot host)
    {
        List<(ulong, ulong)> ranges = [];
        foreach (string line in SysfsFile.ReadLines(host.Combine("proc/iomem")))
        {
            string[] parts = line.Split(" : ", 2);
            if (parts.Length == 2
                && parts[1] is "BOOTFB" or "efifb" or "vesafb" or "simplefb" or "simple-framebuffer"
                && parts[0].Trim().Split('-') is [string first, string last]
                && HexText.TryParse(first, out ulong start)
                && HexText.TryParse(last, out ulong end)
                && end != 0)
            {
                ranges.Add((start, end));
            }
        }

        return ranges;
    }
}
