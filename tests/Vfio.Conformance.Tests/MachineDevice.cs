using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>
/// Represents a device of the machine (docs/machine.md has the table), which is bound for the cases of a class.
/// </summary>
internal sealed class MachineDevice
{
    public const string Bochs = "0000:00:02.0";
    public const string Edu = "0000:00:03.0";
    public const string TestDevice = "0000:00:04.0";
    public const string Ivshmem = "0000:00:05.0";
    public const string Nvme = "0000:00:07.0";
    public const string VirtioNet = "0000:00:08.0";
    public const string E1000e = "0000:00:14.3";
    public const string Igb = "0000:01:00.0";

    private readonly PciAddress _address;

    /// <summary>
    /// Binds it, or skips the test outside the machine or with a QEMU that does not have the device.
    /// </summary>
    public MachineDevice(string address, BoundDevices devices)
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("MACHINE") == "1",
            $"{address} is a device of the machine: ./test.sh runs this in it (docs/machine.md)");
        Assert.SkipUnless(
            Directory.Exists($"/sys/bus/pci/devices/{address}"),
            $"this machine has no {address}: its QEMU does not know the device");
        if (!devices.Has(address))
        {
            BindingPlan plan = BindingPlan.Compute([PciAddress.Parse(address)]);
            BindingRefusal? refusal = plan.Refusals.FirstOrDefault(
                found => found.Reason.ToWord() is "console" or "display");
            Assert.SkipWhen(refusal is not null, $"this kernel shows its console on it: {refusal}");
        }

        _address = devices.Bind(address);
    }

    /// <summary>Gets the two interfaces of the kernel.</summary>
    public static VfioBackend[] Backends => [VfioBackend.Iommufd, VfioBackend.Type1v2];

    /// <summary>
    /// Gets their variants, which access registers and interrupts with the same calls; they run only with ./test.sh
    /// --soak.
    /// </summary>
    public static VfioBackend[] OtherBackends =>
        [VfioBackend.Type1, VfioBackend.CompatibleType1v2, VfioBackend.CompatibleType1];

    public VfioDevice Open(VfioBackend backend)
    {
        bool needsIommufd =
            backend is VfioBackend.Iommufd or VfioBackend.CompatibleType1v2 or VfioBackend.CompatibleType1;
        Assert.SkipWhen(
            needsIommufd && !File.Exists("/dev/iommu"), $"{backend}: this kernel has no /dev/iommu (CONFIG_IOMMUFD)");
        return VfioDevice.Open(_address, new VfioOpenOptions { Backend = backend });
    }
}
