using Vfio.Pci;

namespace Vfio.Drivers.Nvme;

/// <summary>
/// The names and fields of a controller's registers (NVM Express Base Specification 2.1, section 3.1.4).
/// </summary>
internal static class NvmeMap
{
    // Only the first doorbell is included, because the offsets of the others depend on CAP.DSTRD.
    public static RegisterMap Make() =>
        new("NVMe controller", "NVM Express Base Specification 2.1, section 3.1.4", RegionIndex.Bar0,
        [
            new("CAP", 0x0, 8, "Controller capabilities", RegisterAccess.ReadOnly, NvmeCapabilities.Fields),
            new("VS", 0x8, 4, "Version", RegisterAccess.ReadOnly, NvmeVersion.Fields),
            new("INTMS", 0xc, 4, "Interrupt mask set", RegisterAccess.WriteOneToSet, []),
            new("INTMC", 0x10, 4, "Interrupt mask clear", RegisterAccess.WriteOneToClear, []),
            new(
                "CC",
                0x14,
                4,
                "Controller configuration",
                RegisterAccess.WriteHasSideEffects,
                NvmeConfiguration.Fields),
            new("CSTS", 0x1c, 4, "Controller status", RegisterAccess.WriteOneToClear, NvmeStatus.Fields),
            new("NSSR", 0x20, 4, "NVM subsystem reset: writing 4E564D65h", RegisterAccess.WriteHasSideEffects, []),
            new("AQA", 0x24, 4, "Admin queue attributes", RegisterAccess.ReadWrite, NvmeAdminQueueAttributes.Fields),
            new("ASQ", 0x28, 8, "Admin submission queue", RegisterAccess.ReadWrite,
            [
                new("ASQB", 12, 52, "Address in units of 4 KiB") { IsHexadecimal = true },
            ]),
            new("ACQ", 0x30, 8, "Admin completion queue", RegisterAccess.ReadWrite,
            [
                new("ACQB", 12, 52, "Address in units of 4 KiB") { IsHexadecimal = true },
            ]),
            new(
                "CMBLOC",
                0x38,
                4,
                "Controller memory buffer location",
                RegisterAccess.ReadOnly,
                NvmeMemoryBufferLocation.Fields),
            new(
                "CMBSZ",
                0x3c,
                4,
                "Controller memory buffer size",
                RegisterAccess.ReadOnly,
                NvmeMemoryBufferSize.Fields),
            new("BPINFO", 0x40, 4, "Boot partitions", RegisterAccess.ReadOnly,
            [
                new("BPSZ", 0, 15, "Size in units of 128 KiB"),
                new("BRS", 24, 2, "Read status")
                {
                    Values = [new(0, "none"), new(1, "in progress"), new(2, "done"), new(3, "failed")],
                },
                new("ABPID", 31, 1, "Active boot partition"),
            ]),
            new("BPRSEL", 0x44, 4, "Boot partition read select", RegisterAccess.WriteHasSideEffects,
            [
                new("BPRSZ", 0, 10, "Size in units of 4 KiB"),
                new("BPROF", 10, 20, "Offset in units of 4 KiB"),
                new("BPID", 31, 1, "Boot partition"),
            ]),
            new("BPMBL", 0x48, 8, "Boot partition memory buffer", RegisterAccess.ReadWrite,
            [
                new("BMBBA", 12, 52, "Address in units of 4 KiB") { IsHexadecimal = true },
            ]),
            new("CMBMSC", 0x50, 8, "Controller memory buffer space", RegisterAccess.ReadWrite,
            [
                new("CRE", 0, 1, "CMBLOC and CMBSZ are valid"),
                new("CMSE", 1, 1, "The space is enabled"),
                new("CBA", 12, 52, "Address for the controller in units of 4 KiB") { IsHexadecimal = true },
            ]),
            new("CMBSTS", 0x58, 4, "Controller memory buffer status", RegisterAccess.ReadOnly,
            [
                new("CBAI", 0, 1, "CMBMSC.CBA is invalid"),
            ]),
            new("CMBEBS", 0x5c, 4, "CMB elasticity buffer size", RegisterAccess.ReadOnly,
            [
                new("CMBSZU", 0, 4, "Unit") { Values = [new(0, "bytes"), new(1, "KiB"), new(2, "MiB"), new(3, "GiB")] },
                new("CMBRBB", 4, 1, "Reads go past buffered writes"),
                new("CMBWBZ", 8, 24, "Size in units of CMBSZU"),
            ]),
            new("CMBSWTP", 0x60, 4, "CMB sustained write throughput", RegisterAccess.ReadOnly,
            [
                new("CMBSWTU", 0, 4, "Unit")
                {
                    Values = [new(0, "B/s"), new(1, "KiB/s"), new(2, "MiB/s"), new(3, "GiB/s")],
                },
                new("CMBSWTV", 8, 24, "Throughput in units of CMBSWTU"),
            ]),
            new(
                "NSSD",
                0x64,
                4,
                "NVM subsystem shutdown: writing 4E726D6Ch or 41627074h",
                RegisterAccess.WriteHasSideEffects,
                []),
            new("CRTO", 0x68, 4, "Controller ready timeouts", RegisterAccess.ReadOnly, NvmeReadyTimeouts.Fields),
            new("PMRCAP", 0xe00, 4, "Persistent memory capabilities", RegisterAccess.ReadOnly,
            [
                new("RDS", 3, 1, "For data that is read"),
                new("WDS", 4, 1, "For data that is written"),
                new("BIR", 5, 3, "BAR"),
                new("PMRTU", 8, 2, "Unit of PMRTO") { Values = [new(0, "500 ms"), new(1, "minutes")] },
                new("PMRWBM", 10, 4, "How writes are made persistent; bit 0: by a read, bit 1: by PMRSTS")
                {
                    IsHexadecimal = true,
                },
                new("PMRTO", 16, 8, "Longest time to become ready"),
                new("CMSS", 24, 1, "Its space can be set"),
            ]),
            new("PMRCTL", 0xe04, 4, "Persistent memory control", RegisterAccess.WriteHasSideEffects,
            [
                new("EN", 0, 1, "The region is enabled"),
            ]),
            new("PMRSTS", 0xe08, 4, "Persistent memory status", RegisterAccess.ReadOnly,
            [
                new("ERR", 0, 8, "Error"),
                new("NRDY", 8, 1, "Not ready"),
                new("HSTS", 9, 3, "Health")
                {
                    Values = [new(0, "normal"), new(1, "restore error"), new(2, "read only"), new(3, "unreliable")],
                },
                new("CBAI", 12, 1, "PMRMSC.CBA is invalid"),
            ]),
            new("PMREBS", 0xe0c, 4, "PMR elasticity buffer size", RegisterAccess.ReadOnly,
            [
                new("PMRSZU", 0, 4, "Unit") { Values = [new(0, "bytes"), new(1, "KiB"), new(2, "MiB"), new(3, "GiB")] },
                new("PMRRBB", 4, 1, "Reads go past buffered writes"),
                new("PMRWBZ", 8, 24, "Size in units of PMRSZU"),
            ]),
            new("PMRSWTP", 0xe10, 4, "PMR sustained write throughput", RegisterAccess.ReadOnly,
            [
                new("PMRSWTU", 0, 4, "Unit")
                {
                    Values = [new(0, "B/s"), new(1, "KiB/s"), new(2, "MiB/s"), new(3, "GiB/s")],
                },
                new("PMRSWTV", 8, 24, "Throughput in units of PMRSWTU"),
            ]),
            new("PMRMSCL", 0xe14, 4, "PMR space, low", RegisterAccess.ReadWrite,
            [
                new("CMSE", 1, 1, "The space is enabled"),
                new("CBA", 12, 20, "Address for the controller in units of 4 KiB, low") { IsHexadecimal = true },
            ]),
            new("PMRMSCU", 0xe18, 4, "PMR space, high", RegisterAccess.ReadWrite,
            [
                new("CBA", 0, 32, "Address for the controller, high") { IsHexadecimal = true },
            ]),
            new("SQ0TDBL", 0x1000, 4, "Admin submission queue tail doorbell", RegisterAccess.WriteOnly,
            [
                new("SQT", 0, 16, "Tail"),
            ]),
        ]);
}
