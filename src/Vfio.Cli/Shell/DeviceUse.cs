namespace Vfio.Cli;

/// <summary>
/// Represents what the device of this process can access by DMA, and which transfers were stopped, read once.
/// </summary>
/// <remarks>Only the faults since the last call are included, because reading the faults removes them.</remarks>
internal sealed record DeviceUse
{
    /// <summary>Gets whether bus mastering is enabled; <see langword="null"/> if the device does not answer.</summary>
    public bool? IsBusMaster { get; private init; }

    /// <summary>Gets every live mapping, by address.</summary>
    public IReadOnlyList<DmaMappingInfo> Mappings { get; private init; } = [];

    /// <summary>
    /// Gets how much is mapped and the limits; <see langword="null"/> if the device has no address space.
    /// </summary>
    public DmaUsage? Usage { get; private init; }

    public IReadOnlyList<IovaRange> Ranges { get; private init; } = [];

    /// <summary>Gets why the device has no address space; <see langword="null"/> if it has one.</summary>
    public string? NoSpace { get; private init; }

    /// <summary>Gets the transfers that were stopped, oldest first.</summary>
    public IReadOnlyList<DmaFault> Faults { get; private init; } = [];

    /// <summary>Gets why the faults are unknown; <see langword="null"/> if they are known.</summary>
    public string? NoFaults { get; private init; }

    public static DeviceUse Look(VfioDevice device)
    {
        bool? isBusMaster = LookAtBus(device);
        IoAddressSpace space;
        try
        {
            space = device.AddressSpace;
        }
        catch (NotSupportedException e)
        {
            return new DeviceUse
            {
                IsBusMaster = isBusMaster,
                NoSpace = e.Message,
                NoFaults = "the transfers of a device without an address space are never stopped",
            };
        }

        DeviceUse use = new()
        {
            IsBusMaster = isBusMaster,
            Mappings = space.GetMappings(),
            Usage = space.GetUsage(),
            Ranges = space.Ranges,
        };
        try
        {
            return use with { Faults = device.GetFaults() };
        }
        catch (VfioException e)
        {
            return use with { NoFaults = e.Hint is null ? e.Message : $"{e.Message}; {HintText.For(e)}" };
        }
    }

    private static bool? LookAtBus(VfioDevice device)
    {
        try
        {
            return device.GetBusMaster();
        }
        catch (VfioException)
        {
            return null;
        }
    }
}
