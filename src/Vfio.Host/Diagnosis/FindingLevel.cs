namespace Vfio.Host;

/// <summary>How much a <see cref="Finding"/> matters.</summary>
public enum FindingLevel
{
    /// <summary>VFIO, or the device, cannot be used until it is mended.</summary>
    Error,

    /// <summary>It works, and will fail or harm sooner or later.</summary>
    Warning,

    /// <summary>It works; there is something to know, or something better to be had.</summary>
    Info,

    /// <summary>This user could not look, so nothing is said.</summary>
    Unknown,

    /// <summary>It is as it should be; also what people suspect wrongly.</summary>
    Ok,
}
