using static Vfio.Pci.Layout;

namespace Vfio.Pci;

/// <summary>Decodes Advanced Error Reporting (PCI Express Base Specification 6.0, section 7.8.4).</summary>
internal static class ErrorReportingCapability
{
    private static readonly RegisterDescription[] Registers =
    [
        Register("UESta", 0x04, 4, W1C, "Uncorrectable errors seen", Uncorrectable()),
        Register("UEMsk", 0x08, 4, Rw, "Uncorrectable errors not reported", Uncorrectable()),
        Register("UESvrt", 0x0c, 4, Rw, "Uncorrectable errors that are fatal", Uncorrectable()),
        Register("CESta", 0x10, 4, W1C, "Correctable errors seen", Correctable()),
        Register("CEMsk", 0x14, 4, Rw, "Correctable errors not reported", Correctable()),
        Register("AERCap", 0x18, 4, Rw, "Capabilities and control",
            Number("FirstErrorPointer", 0, 5, "Bit of the first error seen"),
            Flag("ECRCGenCap", 5, "Can generate ECRC"),
            Flag("ECRCGenEn", 6, "Generates ECRC"),
            Flag("ECRCChkCap", 7, "Can check ECRC"),
            Flag("ECRCChkEn", 8, "Checks ECRC"),
            Flag("MultHdrRecCap", 9, "Can record several headers"),
            Flag("MultHdrRecEn", 10, "Records several headers"),
            Flag("TLPPfxPres", 11, "The prefix log holds a prefix"),
            Flag("HdrLogCap", 12, "Can log headers of timed-out completions")),
        Register("HeaderLog0", 0x1c, 4, Ro, "Header of the first error, bytes 0 to 3"),
        Register("HeaderLog1", 0x20, 4, Ro, "Header of the first error, bytes 4 to 7"),
        Register("HeaderLog2", 0x24, 4, Ro, "Header of the first error, bytes 8 to 11"),
        Register("HeaderLog3", 0x28, 4, Ro, "Header of the first error, bytes 12 to 15"),
    ];

    // Sections 7.8.4.9 to 7.8.4.11, for root ports and event collectors.
    private static readonly RegisterDescription[] Root =
    [
        Register("RootCmd", 0x2c, 4, Rw, "Root error command",
            Flag("CERptEn", 0, "Interrupt on correctable errors"),
            Flag("NFERptEn", 1, "Interrupt on non-fatal errors"),
            Flag("FERptEn", 2, "Interrupt on fatal errors")),
        Register("RootSta", 0x30, 4, W1C, "Root error status",
            Flag("CERcvd", 0, "Correctable error received"),
            Flag("MultCERcvd", 1, "Several correctable errors received"),
            Flag("UERcvd", 2, "Uncorrectable error received"),
            Flag("MultUERcvd", 3, "Several uncorrectable errors received"),
            Flag("FirstFatal", 4, "The first uncorrectable error was fatal"),
            Flag("NonFatalMsg", 5, "Non-fatal error received"),
            Flag("FatalMsg", 6, "Fatal error received"),
            Number("ErrCorSubclass", 7, 2, "Subclass of ERR_COR"),
            Number("IntMsg", 27, 5, "Interrupt message number")),
        Register("ErrorSrcCor", 0x34, 2, Ro, "Requester ID of the correctable error's sender"),
        Register("ErrorSrc", 0x36, 2, Ro, "Requester ID of the uncorrectable error's sender"),
    ];

    private static readonly RegisterDescription[] Prefixes =
    [
        Register("PrefixLog0", 0x38, 4, Ro, "First end-to-end prefix of the first error"),
        Register("PrefixLog1", 0x3c, 4, Ro, "Second end-to-end prefix of the first error"),
        Register("PrefixLog2", 0x40, 4, Ro, "Third end-to-end prefix of the first error"),
        Register("PrefixLog3", 0x44, 4, Ro, "Fourth end-to-end prefix of the first error"),
    ];

    internal static void Decode(CapabilityReader reader)
    {
        reader.Read(Registers);
        if (reader.ExpressType is ExpressValues.RootPort or ExpressValues.EventCollector)
        {
            reader.Read(Root);
        }

        if ((reader.DoubleWord(0x18) >> 11 & 1) != 0)
        {
            reader.Read(Prefixes);
        }
    }

    private static RegisterField[] Uncorrectable() =>
    [
        Flag("Undefined", 0, "Training error (before version 1.1)"),
        Flag("DLP", 4, "Data link protocol error"),
        Flag("SDES", 5, "Surprise down"),
        Flag("TLP", 12, "Poisoned packet received"),
        Flag("FCP", 13, "Flow control protocol error"),
        Flag("CmpltTO", 14, "Completion timeout"),
        Flag("CmpltAbrt", 15, "Completer abort"),
        Flag("UnxCmplt", 16, "Unexpected completion"),
        Flag("RxOF", 17, "Receiver overflow"),
        Flag("MalfTLP", 18, "Malformed packet"),
        Flag("ECRC", 19, "ECRC error"),
        Flag("UnsupReq", 20, "Unsupported request"),
        Flag("ACSViol", 21, "Access control violation"),
        Flag("UncorrIntErr", 22, "Uncorrectable internal error"),
        Flag("BlockedTLP", 23, "Multicast packet blocked"),
        Flag("AtomicOpBlocked", 24, "Atomic operation blocked"),
        Flag("TLPBlockedErr", 25, "Prefix blocked"),
        Flag("PoisonTLPBlocked", 26, "Poisoned packet blocked"),
        Flag("DMWrReqBlocked", 27, "Deferrable memory write blocked"),
        Flag("IDECheck", 28, "Encryption check failed"),
        Flag("MisIDETLP", 29, "Misrouted encrypted packet"),
        Flag("PCRC_CHECK", 30, "PCRC error"),
        Flag("TLPXlatBlocked", 31, "Packet not translated"),
    ];

    private static RegisterField[] Correctable() =>
    [
        Flag("RxErr", 0, "Receiver error"),
        Flag("BadTLP", 6, "Bad packet"),
        Flag("BadDLLP", 7, "Bad link packet"),
        Flag("Rollover", 8, "Replay number rolled over"),
        Flag("Timeout", 12, "Replay timer expired"),
        Flag("AdvNonFatalErr", 13, "Non-fatal error reported as advisory"),
        Flag("CorrIntErr", 14, "Corrected internal error"),
        Flag("HeaderOF", 15, "Header log overflowed"),
    ];
}
