using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// Creates a fake host on which VFIO works, with a card that can be bound. Each test removes what it is about.
/// </summary>
internal static class SoundHost
{
    public const string Release = "7.2.13";
    public const string Interrupts = "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts";

    public static PciAddress Card { get; } = PciAddress.Parse("0000:01:00.0");

    public static FakeHost Make()
    {
        FakeHost host = new();
        host.Write("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda2 quiet intel_iommu=on,sm_on\n");
        host.Write("proc/sys/kernel/osrelease", Release + "\n");
        host.Write("proc/interrupts", InterruptTable("IR-IO-APIC", "IR-PCI-MSIX-0000:01:00.0"));
        host.Write("proc/self/status", "Name:\tvfio\nVmLck:\t       0 kB\nVmPin:\t       0 kB\n");
        SetLockedMemory(host, "unlimited");
        host.Write("sys/firmware/acpi/tables/DMAR", "");
        host.Write("sys/firmware/acpi/tables/APIC", "");
        host.Write("sys/class/iommu/dmar0/intel-iommu/cap", "d2008c222f0686\n");
        host.Write("sys/class/iommu/dmar0/intel-iommu/ecap", "f00f4e\n");
        host.Write("sys/class/iommu/iommufd_selftest_iommu.0/uevent", "");
        host.Write(Interrupts, "N\n");
        host.Write("sys/module/iommufd/parameters/allow_unsafe_interrupts", "N\n");
        host.Write("sys/module/vfio_iommu_type1/parameters/dma_entry_limit", "65535\n");
        host.Write(
            $"lib/modules/{Release}/modules.dep",
            "kernel/drivers/vfio/pci/vfio-pci.ko.xz: kernel/drivers/vfio/vfio.ko.xz\n"
            + "kernel/drivers/iommu/iommufd/iommufd.ko.xz:\n");
        host.Write($"lib/modules/{Release}/kernel/drivers/vfio/pci/vfio-pci.ko.xz", "");
        host.Write($"lib/modules/{Release}/kernel/drivers/iommu/iommufd/iommufd.ko.xz", "");
        host.Write($"lib/modules/{Release}/modules.builtin", "kernel/drivers/vfio/vfio_iommu_type1.ko\n");
        host.Write("dev/iommu", "");
        host.AddDevice(Card.ToString(), driver: "e1000e", group: 7)
            .WithAttribute("reset_method", "flr bus\n")
            .WithAttribute("power_state", "D0\n")
            .WithAttribute("d3cold_allowed", "1\n")
            .WithAttribute("resource", "0x00000000feb40000 0x00000000feb5ffff 0x0000000000040200\n")
            .WithAttribute("aer_dev_fatal", "DLP 0\nTOTAL_ERR_FATAL 0\n");
        SetConfig(host, Card, Header(command: 0x0006));
        host.Write("sys/kernel/iommu_groups/7/reserved_regions", "0x00000000fee00000 0x00000000feefffff msi\n");
        return host;
    }

    public static string InterruptTable(params string[] controllers) =>
        "            CPU0       CPU1\n"
        + string.Concat(
            controllers.Select((name, i) => $" {i,3}:         67          0  {name}    2-edge      timer\n"))
        + " NMI:          0          0  Non-maskable interrupts\n";

    public static void SetLockedMemory(FakeHost host, string limit) =>
        host.Write(
            "proc/self/limits",
            $"Limit                     Soft Limit           Hard Limit           Units\n"
            + $"Max locked memory         {limit,-20} unlimited            bytes\n");

    public static void SetConfig(FakeHost host, PciAddress device, byte[] config) =>
        host.Write($"{host[device].Path}/config", config);

    /// <summary>The first 64 bytes of an endpoint.</summary>
    public static byte[] Header(ushort command, byte type = 0)
    {
        byte[] header = new byte[64];
        (header[0], header[1], header[2], header[3]) = (0x86, 0x80, 0xd3, 0x10);
        (header[4], header[5], header[0x0e]) = ((byte)command, (byte)(command >> 8), type);
        return header;
    }

    /// <summary>
    /// Returns the configuration space of a bridge, with an Express capability of a port type, and Access Control
    /// Services.
    /// </summary>
    /// <param name="portType">The type; <see langword="null"/> for a bridge without Express.</param>
    /// <param name="control">The enabled bits of ACS; <see langword="null"/> for none.</param>
    public static byte[] Bridge(int? portType, ushort? control = null)
    {
        byte[] config = new byte[4096];
        Header(command: 7, type: 1).CopyTo(config, 0);
        if (portType is int type)
        {
            (config[6], config[0x34], config[0x40], config[0x42]) = (0x10, 0x40, 0x10, (byte)(type << 4 | 2));
        }

        if (control is ushort bits)
        {
            (config[0x100], config[0x102], config[0x104], config[0x106]) = (0x0d, 0x01, 0x1f, (byte)bits);
        }

        return config;
    }
}
