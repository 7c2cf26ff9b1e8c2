using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Decodes Downstream Port Containment (PCI Express Base Specification 6.0, section 7.9.14).</summary>
internal static class ContainmentCapability
{
    private static readonly RegisterDescription[] Registers =
    [
        Register("DpcCap", 4, 2, Ro, "Capabilities",
            Number("INTMsg", 0, 5, "Interrupt message number"),
            Flag("RPExt", 5, "Supports the extensions for root ports"),
            Flag("PoisonedTLP", 6, "Can block poisoned packets"),
            Flag("SwTrigger", 7, "Can be triggered by software"),
            Number("RPPIOLog", 8, 4, "Size of the log in units of 4 bytes"),
            Flag("DL_ActiveErr", 12, "Can report when the link becomes active"),
            Flag("RPPIOLogExt", 13, "Size of the log, bit 4")),
        Register("DpcCtl", 6, 2, RegisterAccess.WriteHasSideEffects, "Control",
            Named("Trigger", 0, 2, "What triggers it", Names("disabled", "fatal", "non-fatal or fatal")),
            Flag("Cmpl", 2, "Completes requests as unsupported"),
            Flag("INT", 3, "Interrupt when triggered"),
            Flag("ErrCor", 4, "ERR_COR when triggered"),
            Flag("PoisonedTLP", 5, "Blocks poisoned packets"),
            Flag("SwTrigger", 6, "Writing 1 triggers it"),
            Flag("DL_ActiveErr", 7, "ERR_COR when the link becomes active"),
            Flag("SigSFWEn", 8, "Signals SFW events")),
        Register("DpcSta", 8, 2, W1C, "Status",
            Flag("Trigger", 0, "It was triggered: the link is held down"),
            Named("Reason", 1, 2, "Reason", Names(
                "unmasked uncorrectable error", "non-fatal error received", "fatal error received", "see TriggerExt")),
            Flag("INT", 3, "Interrupt signalled"),
            Flag("RPBusy", 4, "Root port is still busy"),
            Named("TriggerExt", 5, 2, "Reason, continued", Names("RP PIO error", "software", "SFW")),
            Number("RPPIOErrPtr", 8, 5, "Bit of the first RP PIO error"),
            Flag("SFWSta", 13, "SFW event seen")),
        Register("Source", 0x0a, 2, Ro, "Requester ID of the error's sender"),
    ];

    // Sections 7.9.14.6 to 7.9.14.12, for root ports with the extensions.
    private static readonly RegisterDescription[] RootPort =
    [
        Register("RPPIOSta", 0x0c, 4, W1C, "Root port's own errors seen", Errors()),
        Register("RPPIOMsk", 0x10, 4, Rw, "Root port's own errors masked", Errors()),
        Register("RPPIOSvrt", 0x14, 4, Rw, "Root port's own errors that are uncorrectable", Errors()),
        Register("RPPIOSysErr", 0x18, 4, Rw, "Root port's own errors that raise a system error", Errors()),
        Register("RPPIOExc", 0x1c, 4, Rw, "Root port's own errors that raise an exception", Errors()),
    ];

    internal static void Decode(CapabilityReader reader)
    {
        reader.Read(Registers);
        if ((reader.Word(4) >> 5 & 1) != 0)
        {
            reader.Read(RootPort);
        }
    }

    private static RegisterField[] Errors() =>
    [
        Flag("CfgURCpl", 0, "Configuration request: unsupported"),
        Flag("CfgCACpl", 1, "Configuration request: aborted"),
        Flag("CfgCTO", 2, "Configuration request: timeout"),
        Flag("IOURCpl", 8, "I/O request: unsupported"),
        Flag("IOCACpl", 9, "I/O request: aborted"),
        Flag("IOCTO", 10, "I/O request: timeout"),
        Flag("MemURCpl", 16, "Memory request: unsupported"),
        Flag("MemCACpl", 17, "Memory request: aborted"),
        Flag("MemCTO", 18, "Memory request: timeout"),
    ];
}
