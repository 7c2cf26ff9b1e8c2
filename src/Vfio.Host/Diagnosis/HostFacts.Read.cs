using System.Globalization;

namespace Vfio.Host;

// Reads the facts. What does not exist, or cannot be read by this user, stays unset.
internal sealed partial record HostFacts
{
    private const int MostNames = 64;
    private const string TestIommu = "iommufd_selftest";
    private const string SecureBootVariable =
        "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

    private static readonly string[] UnsafeParameters =
    [
        "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts",
        "sys/module/iommufd/parameters/allow_unsafe_interrupts",
    ];

    public static HostFacts Read(HostRoot host)
    {
        KernelModules modules = new(host);
        string[] iommus = [.. SysfsFile.Names(host.Combine("sys/class/iommu"))
            .Where(name => !name.StartsWith(TestIommu, StringComparison.Ordinal)).Take(MostNames)];
        string[] groups = SysfsFile.Names(host.Combine("sys/kernel/iommu_groups"));
        string[] real = [.. groups.Where(
            group => SysfsFile.Read(host.Combine($"sys/kernel/iommu_groups/{group}/name")) != "vfio-noiommu")];
        ulong[] capabilities = [.. iommus
            .Select(name => ReadHex(host.Combine($"sys/class/iommu/{name}/intel-iommu/cap")))
            .OfType<ulong>()];
        return new HostFacts
        {
            Arguments = KernelArguments.Read(host),
            IsRoot = host.IsRunningHost && Users.IsRoot,
            Iommus = iommus,
            Groups = real.Length,
            PassedThroughGroups = real.Count(
                group => SysfsFile.Read(host.Combine($"sys/kernel/iommu_groups/{group}/type")) == "identity"),
            FirmwareTables = SysfsFile.Names(host.Combine("sys/firmware/acpi/tables")) is { Length: > 0 } tables
                ? tables
                : null,
            VtdExtendedCapabilities = [.. iommus
                .Select(name => ReadHex(host.Combine($"sys/class/iommu/{name}/intel-iommu/ecap")))
                .OfType<ulong>()],
            VtdAddressBits = capabilities.Length == 0 ? null : capabilities.Min(AddressBits),
            RemapsInterrupts = ReadRemapsInterrupts(host),
            UnsafeInterrupts =
                [.. UnsafeParameters.Select(path => (Path: "/" + path, Value: SysfsFile.Read(host.Combine(path))))
                    .Where(parameter => parameter.Value is not null)
                    .Select(parameter => (parameter.Path, parameter.Value == "Y"))],
            IsInNoIommuMode =
                SysfsFile.Read(host.Combine("sys/module/vfio/parameters/enable_unsafe_noiommu_mode")) == "Y",
            KernelRelease = modules.Release,
            HasModules = modules.AreThere,
            VfioPci = Directory.Exists(host.PciDriver(PciDeviceInfo.VfioPciDriver))
                ? ModuleState.Loaded
                : modules.Find("vfio-pci"),
            Type1 = modules.Find("vfio_iommu_type1"),
            Iommufd = modules.Find("iommufd"),
            ContainerNode = HostNode.Find(host, "/dev/vfio/vfio", NodeTrouble.OfContainer(host)),
            IommufdNode = HostNode.Find(host, "/dev/iommu", NodeTrouble.OfIommufd(host)),
            Obstacles = [.. new HostObstacles(host).Find()],
            EntryLimit = new DmaLimits(host).ReadEntryLimit(),
            LockingUse = new DmaLimits(host).ReadLockedMemory("self"),
            HugePages = ReadHugePages(host),
            Lockdown = ReadLockdown(host),
            HasSecureBoot = ReadSecureBoot(host),
        };
    }

    // Intel VT-d specification, section 11.4.2: MGAW, bits 21:16, is one less than the width.
    private static int AddressBits(ulong capability) => (int)((capability >> 16) & 0x3f) + 1;

    // On x86 the names of interrupt controllers start with IR- if the IOMMU remaps their interrupts.
    private static bool? ReadRemapsInterrupts(HostRoot host)
    {
        string[] controllers = [.. HostInterrupts.ReadTable(host, out int processors)
            .Select(line => line.Words.ElementAtOrDefault(processors))
            .OfType<string>()];
        return Array.Exists(controllers, name => name.StartsWith("IR-", StringComparison.Ordinal)) ? true
            : Array.Exists(
                controllers, name => name is "IO-APIC" || name.StartsWith("PCI-MSI", StringComparison.Ordinal))
                && !Array.Exists(controllers, IsOfArm) ? false
            : null;
    }

    private static bool IsOfArm(string controller) => controller.StartsWith("GIC", StringComparison.Ordinal)
        || controller.StartsWith("ITS", StringComparison.Ordinal);

    // "hugepages-2048kB"
    private static HugePagePool[] ReadHugePages(HostRoot host)
    {
        const string Prefix = "hugepages-";
        const string Unit = "kB";
        string folder = host.Combine("sys/kernel/mm/hugepages");
        List<HugePagePool> pools = [];
        foreach (string name in SysfsFile.Names(folder).Take(MostNames))
        {
            if (name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Unit, StringComparison.Ordinal)
                && ulong.TryParse(
                    name.AsSpan(Prefix.Length..^Unit.Length),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out ulong size)
                && SysfsFile.ReadNumber(Path.Combine(folder, name, "nr_hugepages")) is long total and >= 0
                && SysfsFile.ReadNumber(Path.Combine(folder, name, "free_hugepages")) is long free and >= 0)
            {
                pools.Add(new HugePagePool(size, (ulong)total, (ulong)free));
            }
        }

        return [.. pools.OrderBy(pool => pool.KiB)];
    }

    // "none [integrity] confidentiality"
    private static string? ReadLockdown(HostRoot host)
    {
        string text = SysfsFile.Read(host.Combine("sys/kernel/security/lockdown")) ?? "";
        int open = text.IndexOf('[', StringComparison.Ordinal);
        int close = text.IndexOf(']', StringComparison.Ordinal);
        return open >= 0 && close > open + 1 && text[(open + 1)..close] is string mode and not "none" ? mode : null;
    }

    // Four bytes of attributes, then the variable's one.
    private static bool ReadSecureBoot(HostRoot host)
    {
        Span<byte> variable = stackalloc byte[8];
        return SysfsFile.ReadBytes(host.Combine(SecureBootVariable), variable) == 5 && variable[4] == 1;
    }

    private static ulong? ReadHex(string path) =>
        ulong.TryParse(
            SysfsFile.Read(path), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value)
            ? value
            : null;
}
