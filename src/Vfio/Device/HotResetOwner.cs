namespace Vfio;

/// <summary>Specifies who uses a device that a reset of its bus affects.</summary>
public enum HotResetOwner
{
    /// <summary>Unknown: the device is not in sysfs.</summary>
    Unknown,

    /// <summary>The device is open in this program.</summary>
    ThisProgram,

    /// <summary>The device's group is open in this program.</summary>
    ThisProgramByGroup,

    /// <summary>
    /// The device is open in this program in another address space, which the kernel treats as another owner.
    /// </summary>
    OtherAddressSpace,

    /// <summary>The device is open in this program through another backend.</summary>
    OtherBackend,

    /// <summary>The device is open in this program, but was not passed to the plan.</summary>
    NotProvided,

    /// <summary>The device is open in other processes (<see cref="HotResetDevice.Holders"/>).</summary>
    Processes,

    /// <summary>The device is bound to a VFIO driver, and no process has it open.</summary>
    Free,

    /// <summary>The device is bound to a driver of the host (<see cref="HotResetDevice.Driver"/>).</summary>
    HostDriver,

    /// <summary>The device has no driver.</summary>
    NoDriver,

    /// <summary>The device is a virtual function. A bus that has one is never reset.</summary>
    VirtualFunction,
}
