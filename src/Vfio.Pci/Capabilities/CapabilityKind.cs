namespace Vfio.Pci;

/// <summary>A kind of capability: its name, and its decoder.</summary>
/// <param name="Name">The name that lspci prints.</param>
/// <param name="ShortName">The name that setpci has after <c>CAP_</c> or <c>ECAP_</c>, if it has one.</param>
/// <param name="Decode">Decodes it; <see langword="null"/> if only the name is known.</param>
internal readonly record struct CapabilityKind(string Name, string ShortName, Action<CapabilityReader>? Decode)
{
    /// <summary>
    /// Gets a kind of the standard list (PCI Code and ID Assignment Specification 1.18, section 2). This is a switch
    /// and not a table, so that nothing is built for kinds that are not used.
    /// </summary>
    internal static CapabilityKind OfStandard(ushort id) => id switch
    {
        0x00 => new("Null", "NULL", null),
        0x01 => new("Power Management", "PM", PowerManagementCapability.Decode),
        0x02 => new("AGP", "AGP", AgpCapability.Decode),
        0x03 => new("Vital Product Data", "VPD", SimpleCapabilities.DecodeVitalProductData),
        0x04 => new("Slot ID", "SLOTID", SimpleCapabilities.DecodeSlotId),
        0x05 => new("MSI", "MSI", MsiCapability.Decode),
        0x06 => new("CompactPCI hot-swap", "CHSWP", null),
        0x07 => new("PCI-X", "PCIX", PciXCapability.Decode),
        0x08 => new("HyperTransport", "HT", HyperTransportCapability.Decode),
        0x09 => new("Vendor Specific Information", "VNDR", VendorCapability.Decode),
        0x0a => new("Debug port", "DBG", SimpleCapabilities.DecodeDebugPort),
        0x0b => new("CompactPCI central resource control", "CCRC", null),
        0x0c => new("Hot-plug capable", "HOTPLUG", null),
        0x0d => new("Subsystem", "SSVID", SimpleCapabilities.DecodeSubsystem),
        0x0e => new("AGP3", "AGP3", null),
        0x0f => new("Secure device", "SECURE", null),
        0x10 => new("Express", "EXP", ExpressCapability.Decode),
        0x11 => new("MSI-X", "MSIX", MsixCapability.Decode),
        0x12 => new("SATA HBA", "SATA", SimpleCapabilities.DecodeSataHba),
        0x13 => new("PCI Advanced Features", "AF", SimpleCapabilities.DecodeAdvancedFeatures),
        0x14 => new("Enhanced Allocation (EA)", "EA", EnhancedAllocationCapability.Decode),
        0x15 => new("Flattening Portal Bridge", "FPB", null),
        _ => new($"unknown, ID {id:x2}h", $"CAP{id:X2}", null),
    };

    /// <summary>Gets a kind of the extended list (PCI Code and ID Assignment Specification 1.18, section 3).</summary>
    internal static CapabilityKind OfExtended(ushort id) => id switch
    {
        0x00 => new("Null", "ENULL", null),
        0x01 => new("Advanced Error Reporting", "AER", ErrorReportingCapability.Decode),
        0x02 => new("Virtual Channel", "VC", VirtualChannelCapability.Decode),
        0x03 => new("Device Serial Number", "DSN", ExtendedCapabilities.DecodeSerialNumber),
        0x04 => new("Power Budgeting", "PB", ExtendedCapabilities.DecodePowerBudgeting),
        0x05 => new("Root Complex Link", "RCLINK", RootComplexCapabilities.DecodeLink),
        0x06 => new("Root Complex Internal Link", "RCILINK", null),
        0x07 => new(
            "Root Complex Event Collector Endpoint Association", "RCEC", RootComplexCapabilities.DecodeEventCollector),
        0x08 => new("Multi-Function Virtual Channel", "MFVC", null),
        0x09 => new("Virtual Channel", "VC2", VirtualChannelCapability.Decode),
        0x0a => new("Root Complex Register Block", "RCRB", null),
        0x0b => new("Vendor Specific Information", "EVNDR", DesignatedVendorCapability.DecodeVendor),
        0x0c => new("Configuration Access Correlation", "CAC", null),
        0x0d => new("Access Control Services", "ACS", IsolationCapabilities.DecodeAccessControl),
        0x0e =>
            new("Alternative Routing-ID Interpretation (ARI)", "ARI", IsolationCapabilities.DecodeAlternativeRouting),
        0x0f => new("Address Translation Service (ATS)", "ATS", AddressTranslationCapabilities.DecodeTranslation),
        0x10 => new("Single Root I/O Virtualization (SR-IOV)", "SRIOV", VirtualizationCapability.Decode),
        0x11 => new("Multi-Root I/O Virtualization", "MRIOV", null),
        0x12 => new("Multicast", "MCAST", MulticastCapability.Decode),
        0x13 => new("Page Request Interface (PRI)", "PRI", AddressTranslationCapabilities.DecodePageRequests),
        0x15 => new("Physical Resizable BAR", "REBAR", ResizableBarCapability.Decode),
        0x16 => new("Dynamic Power Allocation", "DPA", null),
        0x17 => new("Transaction Processing Hints", "TPH", ExtendedCapabilities.DecodeHints),
        0x18 => new("Latency Tolerance Reporting", "LTR", LinkPowerCapabilities.DecodeLatency),
        0x19 => new("Secondary PCI Express", "SECPCI", LinkLayerCapabilities.DecodeSecondary),
        0x1a => new("Protocol Multiplexing", "PMUX", null),
        0x1b => new("Process Address Space ID (PASID)", "PASID", AddressTranslationCapabilities.DecodeProcessIds),
        0x1c => new("LN Requester", "LNR", null),
        0x1d => new("Downstream Port Containment", "DPC", ContainmentCapability.Decode),
        0x1e => new("L1 PM Substates", "L1PM", LinkPowerCapabilities.DecodeSubstates),
        0x1f => new("Precision Time Measurement", "PTM", ExtendedCapabilities.DecodeTime),
        0x20 => new("PCI Express over M_PHY", "M_PCIE", null),
        0x21 => new("FRS Queueing", "FRS", null),
        0x22 => new("Readiness Time Reporting", "RTR", null),
        0x23 => new("Designated Vendor-Specific", "DVSEC", DesignatedVendorCapability.Decode),
        0x24 => new("Virtual Resizable BAR", "VF_REBAR", ResizableBarCapability.Decode),
        0x25 => new("Data Link Feature", "DLNK", LinkLayerCapabilities.DecodeDataLink),
        0x26 => new("Physical Layer 16.0 GT/s", "16GT", LinkLayerCapabilities.DecodePhysicalLayer16),
        0x27 => new("Lane Margining at the Receiver", "LMR", LinkLayerCapabilities.DecodeMargining),
        0x28 => new("Hierarchy ID", "HIER_ID", null),
        0x29 => new("Native PCIe Enclosure Management", "NPEM", null),
        0x2a => new("Physical Layer 32.0 GT/s", "32GT", null),
        0x2b => new("Alternate Protocol", "ALT_PROT", null),
        0x2c => new("System Firmware Intermediary", "SFI", null),
        0x2d => new("Shadow Functions", "SHADOW", null),
        0x2e => new("Data Object Exchange", "DOE", ExtendedCapabilities.DecodeObjectExchange),
        0x2f => new("Device 3", "DEV3", null),
        0x30 => new("Integrity and Data Encryption", "IDE", null),
        0x31 => new("Physical Layer 64.0 GT/s", "64GT", null),
        0x32 => new("Flit Logging", "FLIT_LOG", null),
        0x33 => new("Flit Performance Measurement", "FLIT_PM", null),
        0x34 => new("Flit Error Injection", "FLIT_EI", null),
        0x35 => new("Streamlined Virtual Channel", "SVC", null),
        0x36 => new("MMIO Register Block Locator", "MMIO_RBL", null),
        0x37 => new("NOP Flit", "NOP_FLIT", null),
        0x38 => new("Scalable I/O Virtualization", "SIOV", null),
        0x39 => new("Physical Layer 128.0 GT/s", "128GT", null),
        0x3a => new("Captured Data", "CAPT_D", null),
        _ => new($"unknown, ID {id:x4}h", $"ECAP{id:X4}", null),
    };
}
