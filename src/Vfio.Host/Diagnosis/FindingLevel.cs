namespace Vfio.Host;

/// <summary>The severity of a <see cref="Finding"/>.</summary>
public enum FindingLevel
{
    /// <summary>VFIO, or the device, cannot be used until this is fixed.</summary>
    Error,

    /// <summary>It works, but will fail or do harm sooner or later.</summary>
    Warning,

    /// <summary>It works; there is something to know, or a better configuration is available.</summary>
    Info,

    /// <summary>This user could not read it, so it is unknown.</summary>
    Unknown,

    /// <summary>It is as it should be. Also used for what is often suspected wrongly.</summary>
    Ok,
}
