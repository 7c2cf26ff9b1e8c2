namespace Vfio.Host;

/// <summary>Makes the journal entry of a device before it is changed.</summary>
internal static class DeviceRecord
{
    /// <summary>Describes the current state of a device.</summary>
    public static JournalEntry Describe(HostContext context, PciDeviceInfo device, HostSurvey survey) => new()
    {
        Address = device.Address,
        VendorId = device.VendorId,
        DeviceId = device.DeviceId,
        OriginalDriver = device.Driver,
        OriginalModule = SysfsFile.ReadLinkName(device.Attribute("driver/module")),
        PreviousOverride = context.Steps.ReadOverride(device),
        PreviousFunctionCount = device.GetVirtualFunctionCount() is int functions and not 0 ? functions : null,
        Interfaces = survey.InterfaceStates(device.Address),
        Disks = survey.GetDisks(device.Address),
        OtherNames = survey.OtherNames(device.Address),
        BoundAt = context.Clock.GetUtcNow(),
        BoundBy = Caller(),
        ProcessId = Environment.ProcessId,
    };

    /// <summary>Gets the name of the user who binds it; under sudo, of the user who called sudo.</summary>
    public static string Caller() => StateFields.Fit(
        Environment.GetEnvironmentVariable("SUDO_USER") is { Length: > 0 } caller
            ? caller
            : Users.Name(Users.EffectiveId));
}
