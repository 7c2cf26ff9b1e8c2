using System.Text.Json;

namespace Vfio.Host;

/// <summary>The topic of a <see cref="Finding"/>. Text and JSON use its words in lower case: <c>no iommu</c>.</summary>
public enum FindingTopic
{
    /// <summary>Whether the host has an IOMMU.</summary>
    Iommu,

    /// <summary>Whether interrupts are remapped.</summary>
    Interrupts,

    /// <summary>The module vfio-pci.</summary>
    VfioPci,

    /// <summary>The modules that provide address spaces for devices.</summary>
    AddressSpace,

    /// <summary>iommufd, the newer kernel interface for address spaces.</summary>
    Iommufd,

    /// <summary>A modprobe configuration file keeps a module from being loaded.</summary>
    ModuleBanned,

    /// <summary>The kernel does not load modules any more.</summary>
    ModulesDisabled,

    /// <summary>A file that a bind would write is read-only.</summary>
    ReadOnly,

    /// <summary>There is no disk space for the files that a bind would write.</summary>
    Full,

    /// <summary>The device's IOMMU group: which devices share it, and why.</summary>
    Group,

    /// <summary>Whether a bridge above the device isolates (ACS).</summary>
    Acs,

    /// <summary>Addresses that cannot be used for DMA, and those that the firmware uses (RMRR).</summary>
    ReservedRegions,

    /// <summary>The host uses the device, so a bind is refused.</summary>
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

    /// <summary>Whether the firmware's framebuffer uses the device's memory.</summary>
    Framebuffer,

    /// <summary>Virtual functions that are enabled.</summary>
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

    /// <summary>A device model, which needs nothing from the host.</summary>
    Model,
}

/// <summary>Formats a <see cref="FindingTopic"/>.</summary>
public static class FindingTopics
{
    /// <summary>Gets the topic as one or two stable words: <c>no iommu</c>.</summary>
    /// <param name="topic">The topic.</param>
    /// <returns>
    /// The words in lower case. A topic that corresponds to a <see cref="RefusalReason"/> has that reason's word.
    /// </returns>
    public static string ToWords(this FindingTopic topic)
    {
        string word = JsonNamingPolicy.KebabCaseLower.ConvertName(topic.ToString());
        return topic is FindingTopic.VfioPci
            or FindingTopic.ModuleBanned
            or FindingTopic.ModulesDisabled
            or FindingTopic.ReadOnly
            ? word
            : word.Replace('-', ' ');
    }
}
