namespace Vfio.Cli;

/// <summary>
/// Represents the device that a command works on: a device of the host, or a device model in this process.
/// </summary>
/// <param name="Name">The name in messages, prompts and JSON: <c>0000:00:14.3</c>, <c>emu:edu</c>.</param>
internal abstract record DeviceTarget(string Name)
{
    /// <summary>Gets the backend that the user chose; only for devices of the host.</summary>
    public VfioBackend Backend { get; init; }

    /// <summary>Returns whether the device exists.</summary>
    public abstract bool Exists(CliHost host);

    /// <summary>Returns the identity of the device.</summary>
    /// <exception cref="VfioException">The device does not exist.</exception>
    public abstract DeviceIdentity Identify(CliHost host);

    /// <summary>Opens the device.</summary>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="VfioException">The device cannot be opened.</exception>
    public abstract VfioDevice Open(CliHost host);

    /// <summary>Returns the names of its registers.</summary>
    /// <exception cref="VfioException">The device does not exist.</exception>
    public abstract RegisterNames NameRegisters(CliHost host);

    /// <summary>Returns its implemented base address registers, its ROM, and the windows of a bridge.</summary>
    /// <exception cref="VfioException">The device does not exist.</exception>
    public abstract IReadOnlyList<PciResource> ListRegions(CliHost host);

    /// <summary>Reads everything that is shown about the device.</summary>
    /// <param name="host">The host.</param>
    /// <param name="isWholeConfig">Whether to also read the part of configuration space that belongs to no
    /// capability.</param>
    /// <exception cref="VfioException">The device does not exist.</exception>
    public abstract ShownDevice Look(CliHost host, bool isWholeConfig);
}
