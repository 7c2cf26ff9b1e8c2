namespace Vfio;

/// <summary>Specifies what can be done with a feature of a device (<c>VFIO_DEVICE_FEATURE_PROBE</c>).</summary>
[Flags]
public enum FeatureSupport
{
    /// <summary>The device does not have it, or the kernel does not know it.</summary>
    None = 0,

    /// <summary>It can be read.</summary>
    Get = 1 << 0,

    /// <summary>It can be set.</summary>
    Set = 1 << 1,
}
