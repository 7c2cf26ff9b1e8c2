using Vfio.Pci;

namespace Vfio.Drivers.Nvme;

/// <summary>CSTS: the controller's state (NVM Express Base Specification 2.1, section 3.1.4.6).</summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct NvmeStatus : IRegisterValue<NvmeStatus>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public NvmeStatus(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>RDY: the controller is ready.</summary>
    public bool IsReady
    {
        get => RegisterBits.IsSet(Raw, 0);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, value);
    }

    /// <summary>CFS: fatal error.</summary>
    public bool HasFatalError
    {
        get => RegisterBits.IsSet(Raw, 1);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 1, value);
    }

    /// <summary>SHST: shutdown status.</summary>
    public NvmeShutdownStatus ShutdownStatus
    {
        get => (NvmeShutdownStatus)RegisterBits.GetBits(Raw, 2, 2);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 2, 2, (ulong)value);
    }

    /// <summary>NSSRO: an NVM subsystem reset happened; write 1 to clear.</summary>
    public bool HadSubsystemReset
    {
        get => RegisterBits.IsSet(Raw, 4);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 4, value);
    }

    /// <summary>PP: commands are paused.</summary>
    public bool IsPaused
    {
        get => RegisterBits.IsSet(Raw, 5);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 5, value);
    }

    /// <summary>ST: the shutdown is of the NVM subsystem.</summary>
    public bool IsSubsystemShutdown
    {
        get => RegisterBits.IsSet(Raw, 6);
        init => Raw = (uint)RegisterBits.SetBits(Raw, 6, value);
    }

    ulong IRegisterValue<NvmeStatus>.Raw => Raw;

    static NvmeStatus IRegisterValue<NvmeStatus>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("RDY", 0, 1, "The controller is ready"),
        new("CFS", 1, 1, "Fatal error"),
        new("SHST", 2, 2, "Shutdown status") { Values = [new(0, "normal"), new(1, "occurring"), new(2, "complete")] },
        new("NSSRO", 4, 1, "An NVM subsystem reset happened; write 1 to clear"),
        new("PP", 5, 1, "Commands are paused"),
        new("ST", 6, 1, "The shutdown is of the NVM subsystem"),
    ];
}
