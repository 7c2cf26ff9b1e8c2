namespace Vfio.Cli;

/// <summary>The device that a command works on: one of the host, or a model in this process.</summary>
/// <param name="Name">As messages, prompts and JSON call it: <c>0000:00:14.3</c>, <c>emu:edu</c>.</param>
internal abstract record DeviceTarget(string Name)
{
    /// <summary>The way to it that the person wants; only for devices of the host.</summary>
    public VfioBackend Backend { get; init; }

    /// <summary>Whether there is such a device.</summary>
    public abstract bool Exists(CliHost host);

    /// <summary>What it is.</summary>
    /// <exception cref="VfioException">There is no such device.</exception>
    public abstract DeviceIdentity Identify(CliHost host);

    /// <summary>Opens it.</summary>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="VfioException">It cannot be opened.</exception>
    public abstract VfioDevice Open(CliHost host);

    /// <summary>What its registers are called.</summary>
    /// <exception cref="VfioException">There is no such device.</exception>
    public abstract RegisterNames NameRegisters(CliHost host);

    /// <summary>Its base address registers and ROM, and a bridge's windows: those that are there.</summary>
    /// <exception cref="VfioException">There is no such device.</exception>
    public abstract IReadOnlyList<PciResource> ListRegions(CliHost host);

    /// <summary>All that is shown of it.</summary>
    /// <param name="host">The host.</param>
    /// <param name="isWholeConfig">Whether what no capability reaches is wanted too.</param>
    /// <exception cref="VfioException">There is no such device.</exception>
    public abstract ShownDevice Look(CliHost host, bool isWholeConfig);
}
