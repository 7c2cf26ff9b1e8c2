using System.Text.Json;

namespace Vfio.Host;

/// <summary>What a <see cref="Finding"/> is about. In text and JSON, its words in lower case: <c>no iommu</c>.</summary>
public enum FindingTopic
{
    /// <summary>Whether the host has an IOMMU.</summary>
    Iommu,

    /// <summary>Whether interrupts are remapped.</summary>
    Interrupts,

    /// <summary>The module vfio-pci.</summary>
    VfioPci,

    /// <summary>The modules that give devices their address space.</summary>
    AddressSpace,

    /// <summary>iommufd, the newer way to an address space.</summary>
    Iommufd,

    /// <summary>A file of modprobe's keeps a module from being loaded.</summary>
    ModuleBanned,

    /// <summary>The kernel loads no modules any more.</summary>
    ModulesDisabled,

    /// <summary>What a bind would write can only be read.</summary>
    ReadOnly,

    /// <summary>There is no room for what a bind would write.</summary>
    Full,

    /// <summary>The device's IOMMU group: who shares it, and why.</summary>
    Group,

    /// <summary>Whether a bridge above the device isolates (ACS).</summary>
    Acs,

    /// <summary>Addresses that the device's buffers cannot have, and those that the firmware uses (RMRR).</summary>
    ReservedRegions,

    /// <summary>The host uses the device, so that a bind is refused.</summary>
    InUse,

    /// <summary>The device is a bridge, which stays with the kernel.</summary>
    Bridge,

    /// <summary>The kernel has not completed an earlier change of the device.</summary>
    Change,

    /// <summary>A change of the device by another program has not ended.</summary>
    Busy,

    /// <summary>The driver that the device has now.</summary>
    Driver,

    /// <summary>A <c>driver_override</c> that was left behind.</summary>
    Override,

    /// <summary>The device is bound without an IOMMU.</summary>
    NoIommu,

    /// <summary>Which program has the device open.</summary>
    Open,

    /// <summary>Whether this user may open the device's nodes.</summary>
    Nodes,

    /// <summary>A virtual function needs the token of its physical function.</summary>
    Token,

    /// <summary>Whether the device answers.</summary>
    Answers,

    /// <summary>Whether BARs have an address.</summary>
    NoAddress,

    /// <summary>Whether the firmware's framebuffer holds the device's memory.</summary>
    Framebuffer,

    /// <summary>Virtual functions that are switched on.</summary>
    Functions,

    /// <summary>The device's power state.</summary>
    Power,

    /// <summary>Whether the device decodes memory accesses.</summary>
    Decoding,

    /// <summary>Whether the kernel can reset the device without its neighbours.</summary>
    Reset,

    /// <summary>Errors that PCI Express counted.</summary>
    Errors,

    /// <summary>How many mappings a container may have.</summary>
    DmaEntries,

    /// <summary>How much memory this user's programs may lock.</summary>
    LockedMemory,

    /// <summary>Huge pages that are reserved.</summary>
    HugePages,

    /// <summary>The kernel's command line makes groups smaller than the hardware isolates.</summary>
    AcsOverride,

    /// <summary>The IOMMU is in passthrough mode for the host's own drivers.</summary>
    Passthrough,

    /// <summary>The kernel is locked down.</summary>
    Lockdown,

    /// <summary>Secure Boot is on.</summary>
    SecureBoot,

    /// <summary>It is a device in software, which needs nothing of the host.</summary>
    Model,
}

/// <summary>Words for <see cref="FindingTopic"/>.</summary>
public static class FindingTopics
{
    /// <summary>The topic as one or two stable words: <c>no iommu</c>.</summary>
    /// <param name="topic">The topic.</param>
    /// <returns>Words in lower case: what comes from a <see cref="RefusalReason"/> is that reason's word.</returns>
    public static string ToWords(this FindingTopic topic)
    {
        string word = JsonNamingPolicy.KebabCaseLower.ConvertName(topic.ToString());
        return topic is FindingTopic.VfioPci or FindingTopic.ModuleBanned or FindingTopic.ModulesDisabled or FindingTopic.ReadOnly
            ? word
            : word.Replace('-', ' ');
    }
}
