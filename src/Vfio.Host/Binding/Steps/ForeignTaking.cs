using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// A device that something else gave to a VFIO driver (<c>ids=</c> of vfio-pci, driverctl, a hand): handed to the driver that the kernel's modules have for it. What it
/// was before, nobody wrote down.
/// </summary>
internal sealed class ForeignTaking(HostContext context)
{
    private readonly KernelModules _modules = new(context.Host);

    /// <summary>The device as an entry of the journal has it.</summary>
    /// <param name="device">The device, with a VFIO driver.</param>
    /// <param name="driver">The driver that it is to go to; <see langword="null"/> for none.</param>
    /// <param name="module">That driver's module.</param>
    public static JournalEntry Describe(PciDeviceInfo device, string? driver, string? module) => new()
    {
        Address = device.Address,
        VendorId = device.VendorId,
        DeviceId = device.DeviceId,
        Driver = device.Driver ?? "",
        OriginalDriver = driver,
        OriginalModule = module,
        BoundAt = DateTimeOffset.UtcNow,
        ProcessId = Environment.ProcessId,
    };

    /// <summary>The steps after which the journal has an entry of the device, as if it had been taken from its own driver: by that it is restored.</summary>
    public IEnumerable<BindingStep> Prepare(PciAddress address)
    {
        if (context.Bus.Find(address) is not { HasVfioDriver: true } device)
        {
            return [];
        }

        string? module = ModuleOf(device);
        List<BindingStep> steps = [];
        if (module is not null && !_modules.IsLoaded(module))
        {
            steps.Add(BindingStep.Shared($"modprobe {module}", () => context.Steps.Load(module, () => DriverOf(module) is not null)));
        }

        // What the driver is called is known once its module is there.
        steps.Add(BindingStep.Shared($"remember in the journal that {address} goes to {(module is null ? "no driver" : $"the driver of {module}")}", () =>
        {
            string? driver = module is null ? null
                : DriverOf(module) ?? throw new VfioException("bind", address.ToString(), $"the module {module} has no PCI driver", "the kernel's log says why: dmesg | tail");
            context.Steps.Remember(Describe(device, driver, module)).Run();
        }));
        return steps;
    }

    /// <summary>All steps, as they would be made now. A probe would give it to the VFIO driver again, so that its own driver's <c>bind</c> file has it.</summary>
    public RestorePlan Plan(PciAddress address, DeviceRestorer restorer)
    {
        if (context.Bus.Find(address) is not { HasVfioDriver: true } device)
        {
            return RestorePlan.Nothing;
        }

        string? module = ModuleOf(device);
        RestorePlan rest = restorer.Plan(Describe(device, module is null ? null : DriverOf(module) ?? module, module), force: false, released: []);
        return rest with { Device = [.. Prepare(address), .. rest.Device, .. Notes(device)], Refusals = [.. rest.Refusals.Select(Unforced)] };
    }

    // Forcing a holder is for devices whose past is known.
    private static BindingRefusal Unforced(BindingRefusal refusal) => refusal.Reason != RefusalReason.InUse ? refusal
        : new BindingRefusal(refusal.Device, refusal.Reason, $"it is in use by {string.Join(", ", refusal.Holders)}", canForce: false, "end that program first") { Holders = refusal.Holders };

    /// <summary>What remains to be said of a device that is handed back so, as steps that say it.</summary>
    public IEnumerable<BindingStep> Notes(PciDeviceInfo device)
    {
        if (ModuleOf(device) is null)
        {
            yield return context.Steps.Drop("no driver of this kernel is for it: it has none now");
        }

        foreach (string claim in ClaimsAtBoot(device))
        {
            yield return context.Steps.Drop(claim);
        }
    }

    private string? ModuleOf(PciDeviceInfo device) => _modules.HostDrivers(device) is [string first, ..] ? first : null;

    private string? DriverOf(string module) => _modules.PciDrivers(module).FirstOrDefault();

    /// <summary>What gives the device to a VFIO driver again at the next boot.</summary>
    private IEnumerable<string> ClaimsAtBoot(PciDeviceInfo device)
    {
        string ids = $"{device.VendorId:x4}:{device.DeviceId:x4}";
        foreach (string file in ModprobeFiles.Lines(context.Host).Where(line => IsOption(line.Words) && HasIds(string.Join(' ', line.Words), ids)).Select(line => line.File).Distinct())
        {
            yield return $"{file} gives {ids} to vfio-pci again at the next boot (options vfio-pci ids=; update-initramfs -u after a change)";
        }

        if ((SysfsFile.Read(context.Host.Combine("proc/cmdline")) ?? "").Split(' ').Any(word => KernelModules.FolderName(word).StartsWith("vfio_pci.ids=", StringComparison.Ordinal) && HasIds(word, ids)))
        {
            yield return $"the kernel's command line gives {ids} to vfio-pci again at the next boot (vfio-pci.ids=)";
        }

        if (new DriverctlOverrides(context.Host).DescribeClaim(device.Address) is string claim)
        {
            yield return claim;
        }
    }

    private static bool IsOption(string[] words) => words is ["options", string module, ..] && KernelModules.FolderName(module) == "vfio_pci";

    // ids=8086:10d3,10de:2204:10de: vendor, device, and perhaps more of each.
    private static bool HasIds(string text, string ids) => text.Split([' ', '\t', '=', ',', '"'])
        .Any(word => word.Equals(ids, StringComparison.OrdinalIgnoreCase) || word.StartsWith(ids + ":", StringComparison.OrdinalIgnoreCase));
}
