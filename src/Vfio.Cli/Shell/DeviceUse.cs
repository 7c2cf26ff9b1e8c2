namespace Vfio.Cli;

/// <summary>What this process's own device can reach, and what it was kept from; looked at once.</summary>
/// <remarks>The faults are those since the last look: looking takes them.</remarks>
internal sealed record DeviceUse
{
    /// <summary>Whether the device may use the bus; <see langword="null"/> where it does not answer.</summary>
    public bool? IsBusMaster { get; private init; }

    /// <summary>Every live mapping, by address.</summary>
    public IReadOnlyList<DmaMappingInfo> Mappings { get; private init; } = [];

    /// <summary>How much is mapped and may be; <see langword="null"/> where the device has no address space.</summary>
    public DmaUsage? Usage { get; private init; }

    public IReadOnlyList<IovaRange> Ranges { get; private init; } = [];

    /// <summary>Why it has no address space, where it has none.</summary>
    public string? NoSpace { get; private init; }

    /// <summary>The transfers that were stopped, oldest first.</summary>
    public IReadOnlyList<DmaFault> Faults { get; private init; } = [];

    /// <summary>Why those are not known, where they are not.</summary>
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
            return new DeviceUse { IsBusMaster = isBusMaster, NoSpace = e.Message, NoFaults = "nothing stops a transfer of a device without an address space" };
        }

        DeviceUse use = new() { IsBusMaster = isBusMaster, Mappings = space.GetMappings(), Usage = space.GetUsage(), Ranges = space.Ranges };
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
