using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Releases a device that something other than this library bound to a VFIO driver (<c>ids=</c> of vfio-pci, driverctl,
/// a person): binds it to the driver that the kernel has for it, because its previous state is not recorded.
/// </summary>
internal sealed class ForeignBind(HostContext context)
{
    private readonly KernelModules _modules = new(context.Host);

    /// <summary>Makes a journal entry for such a device.</summary>
    /// <param name="device">The device, bound to a VFIO driver.</param>
    /// <param name="driver">The driver to bind it to; <see langword="null"/> for none.</param>
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

    /// <summary>
    /// Makes the steps that write a journal entry for the device as if it had been bound from its original driver. The
    /// release then follows that entry.
    /// </summary>
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
            steps.Add(BindingStep.Shared(
                $"modprobe {module}", () => context.Steps.Load(module, () => DriverOf(module) is not null)));
        }

        // The driver's name is known only when its module is loaded.
        steps.Add(
            BindingStep.Shared(
                $"record in the journal that {address} goes to "
                + $"{(module is null ? "no driver" : $"the driver of {module}")}",
                () =>
                {
                    string? driver = module is null ? null
                        : DriverOf(module)
                            ?? throw new VfioException(
                                "bind",
                                address.ToString(),
                                $"the module {module} has no PCI driver",
                                "see the kernel's log: dmesg | tail");
                    context.Steps.Remember(Describe(device, driver, module)).Run();
                }));
        return steps;
    }

    /// <summary>
    /// Makes all steps, as of now. The device is bound through its driver's <c>bind</c> file, because a
    /// probe would bind it to the VFIO driver again.
    /// </summary>
    public RestorePlan Plan(PciAddress address, DeviceRestorer restorer)
    {
        if (context.Bus.Find(address) is not { HasVfioDriver: true } device)
        {
            return RestorePlan.Nothing;
        }

        string? module = ModuleOf(device);
        RestorePlan rest = restorer.Plan(
            Describe(device, module is null ? null : DriverOf(module) ?? module, module), force: false, released: []);
        return rest with
        {
            Device = [.. Prepare(address), .. rest.Device, .. Notes(device)],
            Refusals = [.. rest.Refusals.Select(Unforced)],
        };
    }

    // A holder can only be overridden for devices whose previous state is recorded.
    private static BindingRefusal Unforced(BindingRefusal refusal) => refusal.Reason != RefusalReason.InUse ? refusal
        : new BindingRefusal(
            refusal.Device,
            refusal.Reason,
            $"it is in use by {string.Join(", ", refusal.Holders)}",
            canForce: false,
            "end that program first")
        {
            Holders = refusal.Holders,
        };

    /// <summary>Makes steps that report what the user should know about a device released this way.</summary>
    public IEnumerable<BindingStep> Notes(PciDeviceInfo device)
    {
        if (ModuleOf(device) is null)
        {
            yield return context.Steps.Drop("this kernel has no driver for it, so it has none now");
        }

        foreach (string claim in ClaimsAtBoot(device))
        {
            yield return context.Steps.Drop(claim);
        }
    }

    private string? ModuleOf(PciDeviceInfo device) => _modules.HostDrivers(device) is [string first, ..] ? first : null;

    private string? DriverOf(string module) => _modules.PciDrivers(module).FirstOrDefault();

    /// <summary>Finds what will bind the device to a VFIO driver again at the next boot.</summary>
    private IEnumerable<string> ClaimsAtBoot(PciDeviceInfo device)
    {
        string ids = $"{device.VendorId:x4}:{device.DeviceId:x4}";
        foreach (string file in ModprobeFiles.Lines(context.Host)
            .Where(line => IsOption(line.Words) && HasIds(string.Join(' ', line.Words), ids))
            .Select(line => line.File)
            .Distinct())
        {
            yield return $"{file} binds {ids} to vfio-pci again at the next boot (options vfio-pci ids=; run "
                + "update-initramfs -u after changing it)";
        }

        if ((SysfsFile.Read(context.Host.Combine("proc/cmdline")) ?? "")
            .Split(' ')
            .Any(word => KernelModules.FolderName(word).StartsWith("vfio_pci.ids=", StringComparison.Ordinal)
                && HasIds(word, ids)))
        {
            yield return $"the kernel's command line binds {ids} to vfio-pci again at the next boot (vfio-pci.ids=)";
        }

        if (new DriverctlOverrides(context.Host).DescribeClaim(device.Address) is string claim)
        {
            yield return claim;
        }
    }

    private static bool IsOption(string[] words) =>
        words is ["options", string module, ..] && KernelModules.FolderName(module) == "vfio_pci";

    // ids=8086:10d3,10de:2204:10de: vendor and device, optionally followed by subsystem IDs and class.
    private static bool HasIds(string text, string ids) => text.Split([' ', '\t', '=', ',', '"'])
        .Any(word => word.Equals(ids, StringComparison.OrdinalIgnoreCase)
            || word.StartsWith(ids + ":", StringComparison.OrdinalIgnoreCase));
}
