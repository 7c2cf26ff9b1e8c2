namespace Vfio.Emulation;

/// <summary>
/// Represents a capability that a device model declares with <see cref="DeviceModel.AddCapability"/>. The library
/// places it in configuration space, links it into the list, and implements its bits.
/// </summary>
/// <remarks>An instance belongs to the device model that it was added to.</remarks>
public abstract class ModelCapability
{
    private readonly int? _offset;

    private protected ModelCapability()
    {
    }

    /// <summary>
    /// Gets the offset in configuration space: a multiple of 4, at least 40h, or 100h for an extended capability. By
    /// default, the first free place.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a multiple of 4, or outside configuration
    /// space.</exception>
    public int? Offset
    {
        get => _offset;
        init
        {
            if (value is int offset && (offset < PciOffsets.FirstCapability || offset >= 4096 || offset % 4 != 0))
            {
                throw new ArgumentOutOfRangeException(
                    nameof(value), value, "the offset of a capability must be a multiple of 4, at least 0x40");
            }

            _offset = value;
        }
    }

    internal virtual bool IsExtended => false;

    /// <summary>Gets the length in bytes, including the header.</summary>
    internal abstract int Length { get; }

    /// <summary>Gets the offset, once the capability was added.</summary>
    internal int Start { get; private set; } = -1;

    internal void Place(ModelConfigSpace config, int start)
    {
        Start = start;
        Declare(config);
    }

    /// <summary>Declares its registers, without the pointer to the next capability.</summary>
    internal abstract void Declare(ModelConfigSpace config);

    /// <summary>
    /// Handles a driver's write to the capability, after the values have changed. The offset is relative to the
    /// capability, and negative if the write begins before it.
    /// </summary>
    internal virtual void Written(DeviceModel model, int offset, int width)
    {
    }
}
