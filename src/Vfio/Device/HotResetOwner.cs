namespace Vfio;

/// <summary>Whose a device is that a reset of its bus hits.</summary>
public enum HotResetOwner
{
    /// <summary>Nobody can say: it is not in sysfs.</summary>
    Unknown,

    /// <summary>This program has it open.</summary>
    ThisProgram,

    /// <summary>This program has its group.</summary>
    ThisProgramByGroup,

    /// <summary>This program has it open in another address space, which the kernel takes for another's.</summary>
    OtherAddressSpace,

    /// <summary>This program has it open by another way through the kernel.</summary>
    OtherBackend,

    /// <summary>This program has it open, and the plan was not given it.</summary>
    NotProvided,

    /// <summary>Other processes have it open (<see cref="HotResetDevice.Holders"/>).</summary>
    Processes,

    /// <summary>The device is bound to a VFIO driver, and no process has it open.</summary>
    Free,

    /// <summary>A driver of the host's has it (<see cref="HotResetDevice.Driver"/>).</summary>
    HostDriver,

    /// <summary>No driver has it.</summary>
    NoDriver,

    /// <summary>The device is a virtual function: while there is one, the bus is not reset.</summary>
    VirtualFunction,
}
