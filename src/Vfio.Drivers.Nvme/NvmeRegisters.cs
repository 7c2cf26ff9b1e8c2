using Vfio.Pci;

namespace Vfio.Drivers.Nvme;

/// <summary>
/// Defines the registers of an NVMe controller in BAR0 (NVM Express Base Specification 2.1, section 3.1.4).
/// </summary>
/// <example>
/// <code>
/// using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
/// int entries = bar0.Read(NvmeRegisters.Capabilities).MaxQueueEntries;
/// </code>
/// </example>
public static class NvmeRegisters
{
    /// <summary>The value to write to <see cref="SubsystemReset"/>: "NVMe".</summary>
    public const uint SubsystemResetKey = 0x4e564d65;

    private const ulong FirstDoorbell = 0x1000;

    /// <summary>The names and fields of all registers in BAR0, for tools; including only the first doorbell.</summary>
    public static RegisterMap Map { get; } = NvmeMap.Make();

    /// <summary>CAP: the capabilities of the controller.</summary>
    public static Register<NvmeCapabilities> Capabilities => new(0x0);

    /// <summary>VS: the version of the specification that it implements.</summary>
    public static Register<NvmeVersion> Version => new(0x8);

    /// <summary>INTMS: masks the vectors whose bits are 1; not with MSI-X.</summary>
    public static Register<RawUInt32> InterruptMaskSet => new(0xc);

    /// <summary>INTMC: unmasks the vectors whose bits are 1; not with MSI-X.</summary>
    public static Register<RawUInt32> InterruptMaskClear => new(0x10);

    /// <summary>CC: the configuration of the controller.</summary>
    public static Register<NvmeConfiguration> Configuration => new(0x14);

    /// <summary>CSTS: the controller's state.</summary>
    public static Register<NvmeStatus> Status => new(0x1c);

    /// <summary>NSSR: resets the NVM subsystem when <see cref="SubsystemResetKey"/> is written.</summary>
    public static Register<RawUInt32> SubsystemReset => new(0x20);

    /// <summary>AQA: the sizes of the admin queues.</summary>
    public static Register<NvmeAdminQueueAttributes> AdminQueueAttributes => new(0x24);

    /// <summary>ASQ: the IOVA of the admin submission queue, a multiple of the page.</summary>
    public static Register<RawUInt64> AdminSubmissionQueue => new(0x28);

    /// <summary>ACQ: the IOVA of the admin completion queue, a multiple of the page.</summary>
    public static Register<RawUInt64> AdminCompletionQueue => new(0x30);

    /// <summary>CMBLOC: the location of the controller memory buffer.</summary>
    public static Register<NvmeMemoryBufferLocation> MemoryBufferLocation => new(0x38);

    /// <summary>CMBSZ: the size of the controller memory buffer.</summary>
    public static Register<NvmeMemoryBufferSize> MemoryBufferSize => new(0x3c);

    /// <summary>CRTO: the longest times to become ready.</summary>
    public static Register<NvmeReadyTimeouts> ReadyTimeouts => new(0x68);

    /// <summary>
    /// SQyTDBL: the tail of a submission queue, its doorbell (NVM Express over PCIe Transport Specification 1.1,
    /// section 3.1). Write-only.
    /// </summary>
    /// <param name="queue">The queue's identifier; 0 is the admin queue.</param>
    /// <param name="capabilities">The controller's capabilities, which contain the distance between doorbells.</param>
    /// <returns>The register.</returns>
    public static Register<RawUInt32> SubmissionQueueTail(ushort queue, NvmeCapabilities capabilities) =>
        new Register<RawUInt32>(FirstDoorbell).At(2u * queue, (uint)capabilities.DoorbellStride);

    /// <summary>
    /// CQyHDBL: the head of a completion queue, its doorbell (NVM Express over PCIe Transport Specification 1.1,
    /// section 3.1). Write-only.
    /// </summary>
    /// <param name="queue">The queue's identifier; 0 is the admin queue.</param>
    /// <param name="capabilities">The controller's capabilities, which contain the distance between doorbells.</param>
    /// <returns>The register.</returns>
    public static Register<RawUInt32> CompletionQueueHead(ushort queue, NvmeCapabilities capabilities) =>
        new Register<RawUInt32>(FirstDoorbell).At((2u * queue) + 1, (uint)capabilities.DoorbellStride);
}
