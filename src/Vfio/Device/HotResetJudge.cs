using Vfio.Pci;

namespace Vfio;

/// <summary>Represents the answer to the question whether a bus may be reset.</summary>
/// <param name="Devices">The devices that the reset affects, and who uses them.</param>
/// <param name="Refusal">The reason why the bus must not be reset; <see langword="null"/> if it may be.</param>
internal sealed record HotResetJudgement(IReadOnlyList<HotResetDevice> Devices, HotResetRefusal? Refusal);

/// <summary>
/// Judges whether a bus may be reset, as the kernel will. A device counts as ours if the kernel says so, or if this
/// process has its IOMMU group open and it is bound to a VFIO driver. (A device of such a group without a driver, or
/// bound to pci-stub, still prevents the reset.) Virtual functions are on the bus of their physical function, but not
/// in the kernel's set of devices that are reset together: while there are any, the bus is not reset.
/// </summary>
internal static class HotResetJudge
{
    private const int MostNamed = 4;

    public static HotResetJudgement Judge(HotResetInfo info, IReadOnlyList<HotResetMember> members, HostRoot? host)
    {
        PciAddress asked = members[0].Address ?? default; // a device model is never refused
        HashSet<PciAddress?> open = [.. members.Select(member => member.Address)];
        HashSet<uint> groups =
            [.. info.Devices.Where(entry => open.Contains(entry.Address)).Select(entry => entry.Group).OfType<uint>()];
        HotResetDevice[] devices = [.. info.Devices
            .DistinctBy(entry => entry.Address)
            .OrderBy(entry => entry.Address)
            .Select(entry => Describe(info, entry, open, groups, host))];
        HotResetDevice[] strangers = [.. devices.Where(device => !device.IsOwned)];
        HotResetRefusal? refusal = null;
        if (devices.Length == 0)
        {
            refusal = new HotResetRefusal(
                asked,
                HotResetRefusalReason.NoDevices,
                "the kernel lists no device on the bus",
                "the kernel's log (dmesg) may say more");
        }
        else if (strangers.Length != 0)
        {
            string names = string.Join(", ", strangers.Take(MostNamed));
            string more = strangers.Length > MostNamed ? $" and {strangers.Length - MostNamed} more" : "";
            string whose = strangers.Length == 1 ? "which is" : "which are";
            refusal = new HotResetRefusal(
                asked,
                HotResetRefusalReason.OtherOwners,
                $"the reset of the bus would also reset {names}{more}, {whose} not available to this program",
                HintFor(strangers),
                strangers);
        }
        else if (info.TellsOwners && !info.OwnsAll)
        {
            refusal = new HotResetRefusal(
                asked,
                HotResetRefusalReason.NotAllOwned,
                "according to the kernel, not all devices on the bus belong to this program",
                "open them all in one address space (VfioOpenOptions.AddressSpace)");
        }

        return new HotResetJudgement(devices, refusal);
    }

    private static HotResetDevice Describe(
        HotResetInfo info, HotResetEntry entry, HashSet<PciAddress?> open, HashSet<uint> groups, HostRoot? host)
    {
        PciDeviceInfo? device = host is not null && entry.Address is PciAddress known
            ? new PciBus(host).Find(known)
            : null;
        bool isTaken = device is null ? open.Contains(entry.Address) : device.HasVfioDriver;
        bool isVirtual = info.Devices.Count > 1 && device?.GetPhysicalFunction() is not null;
        bool isOurs = info.TellsOwners
            ? entry.IsOwned
            : !isVirtual && isTaken && entry.Group is uint group && groups.Contains(group);
        return isOurs ? new HotResetDevice(entry.Address, device?.Driver, OurOwner(info, entry, open))
            : isVirtual ? new HotResetDevice(entry.Address, device?.Driver, HotResetOwner.VirtualFunction)
            : DescribeStranger(info, entry.Address, device, open.Contains(entry.Address), host);
    }

    private static HotResetOwner OurOwner(HotResetInfo info, HotResetEntry entry, HashSet<PciAddress?> open) =>
        open.Contains(entry.Address) || (info.TellsOwners && entry.IsOpen)
            ? HotResetOwner.ThisProgram
            : HotResetOwner.ThisProgramByGroup;

    private static HotResetDevice DescribeStranger(
        HotResetInfo info, PciAddress? address, PciDeviceInfo? device, bool isOpenHere, HostRoot? host)
    {
        if (isOpenHere || device is null || host is null)
        {
            return new HotResetDevice(address, device?.Driver, !isOpenHere ? HotResetOwner.Unknown
                : info.TellsOwners ? HotResetOwner.OtherAddressSpace
                : HotResetOwner.OtherBackend);
        }

        if (!device.HasVfioDriver)
        {
            return new HotResetDevice(
                address, device.Driver, device.Driver is null ? HotResetOwner.NoDriver : HotResetOwner.HostDriver);
        }

        IReadOnlyList<DeviceHolder> holders = new DeviceHolders(host).GetHolders(device);
        return holders.Any(holder => holder.ProcessId == Environment.ProcessId)
            ? new HotResetDevice(address, device.Driver, HotResetOwner.NotProvided)
            : new HotResetDevice(
                address, device.Driver, holders.Count != 0 ? HotResetOwner.Processes : HotResetOwner.Free, holders);
    }

    private static string HintFor(HotResetDevice[] strangers)
    {
        if (strangers.Any(device => device.Owner == HotResetOwner.VirtualFunction))
        {
            return "disable the virtual functions first (sriov_numvfs): a bus that has some is never reset";
        }

        return strangers.Any(device => device.Driver is null || device.Owner == HotResetOwner.HostDriver)
            ? "bind all of them to vfio-pci, and open them too"
            : "open them too, in this program and in one address space (VfioOpenOptions.AddressSpace), and "
                + "pass them to the plan";
    }
}
