using Vfio.Sysfs;

namespace Vfio.Binding;

/// <summary>
/// A device that something else gave to a VFIO driver (<c>ids=</c> of vfio-pci, driverctl, a hand): handed to the driver that the kernel's modules have for it. What it
/// was before, nobody wrote down.
/// </summary>
internal sealed class ForeignTaking(HostRoot host, DeviceSteps kit)
{
    private readonly KernelModules _modules = new(host);

    /// <summary>The device as an entry of the journal would have it; none is written.</summary>
    public static JournalEntry Describe(PciDeviceInfo device) => new()
    {
        Address = device.Address,
        VendorId = device.VendorId,
        DeviceId = device.DeviceId,
        Driver = device.Driver ?? "",
        OverrideBefore = null,
    };

    /// <summary>The steps to its own driver. A probe would give it to the VFIO driver again, so that driver's <c>bind</c> file has it.</summary>
    /// <exception cref="VfioException">A program holds the device: forcing it is for devices whose past is known.</exception>
    public IEnumerable<BindingStep> Plan(PciAddress address)
    {
        if (kit.Bus.Find(address) is not { HasVfioDriver: true } device)
        {
            yield break;
        }

        HolderReport report = new DeviceHolders(host).Search(device);
        if (report.Holders.Count != 0)
        {
            throw new VfioException("release", address.ToString(), $"it is in use by {string.Join(", ", report.Holders)}", "end that program first");
        }

        string? module = _modules.HostDrivers(device) is [string first, ..] ? first : null;
        yield return kit.Override(device, module is null ? null : "none");
        yield return kit.Unbind(device, report.Holders);
        if (module is null)
        {
            yield return kit.Drop("no driver of this kernel is for it: it has none now");
        }
        else
        {
            foreach (BindingStep step in Attach(device, module))
            {
                yield return step;
            }

            yield return kit.Override(device, null);
        }

        foreach (string claim in ClaimsAtBoot(device))
        {
            yield return kit.Drop(claim);
        }
    }

    private IEnumerable<BindingStep> Attach(PciDeviceInfo device, string module)
    {
        string? Driver() => _modules.PciDrivers(module).FirstOrDefault();
        if (!_modules.IsLoaded(module))
        {
            yield return new BindingStep($"modprobe {module}", () => kit.Load(module, () => Driver() is not null));
        }

        yield return new BindingStep($"bind {device.Address} by the driver of {module}", () =>
        {
            string driver = Driver() ?? throw new VfioException("bind", device.Address.ToString(), $"the module {module} has no PCI driver", "the kernel's log says why: dmesg | tail");
            kit.Override(device, driver).Run();
            kit.Attach(device, driver).Run();
        });
    }

    /// <summary>What gives the device to a VFIO driver again at the next boot.</summary>
    private IEnumerable<string> ClaimsAtBoot(PciDeviceInfo device)
    {
        string ids = $"{device.VendorId:x4}:{device.DeviceId:x4}";
        foreach (string folder in (string[])["etc/modprobe.d", "run/modprobe.d", "usr/lib/modprobe.d", "lib/modprobe.d"])
        {
            foreach (string name in SysfsFile.Names(host.Combine(folder)).Where(name => name.EndsWith(".conf", StringComparison.Ordinal)))
            {
                if (SysfsFile.ReadLines(host.Combine($"{folder}/{name}")).Any(line => IsOption(line) && HasIds(line, ids)))
                {
                    yield return $"/{folder}/{name} gives {ids} to vfio-pci again at the next boot (options vfio-pci ids=; update-initramfs -u after a change)";
                }
            }
        }

        if ((SysfsFile.Read(host.Combine("proc/cmdline")) ?? "").Split(' ').Any(word => KernelModules.FolderName(word).StartsWith("vfio_pci.ids=", StringComparison.Ordinal) && HasIds(word, ids)))
        {
            yield return $"the kernel's command line gives {ids} to vfio-pci again at the next boot (vfio-pci.ids=)";
        }

        if (new DriverctlOverrides(host).Find(device.Address) is string driver && driver.Contains("vfio", StringComparison.Ordinal))
        {
            yield return $"driverctl gives it to {driver} again at the next boot (driverctl unset-override {device.Address})";
        }
    }

    private static bool IsOption(string line) => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries) is ["options", string module, ..] && KernelModules.FolderName(module) == "vfio_pci";

    // ids=8086:10d3,10de:2204:10de: vendor, device, and perhaps more of each.
    private static bool HasIds(string text, string ids) => text.Split([' ', '\t', '=', ',', '"'])
        .Any(word => word.Equals(ids, StringComparison.OrdinalIgnoreCase) || word.StartsWith(ids + ":", StringComparison.OrdinalIgnoreCase));
}
