namespace Vfio.Emulation;

/// <summary>
/// A capability that a model declares with <see cref="DeviceModel.AddCapability"/>. The library lays it out in configuration
/// space, links it into the chain, and does what its bits mean.
/// </summary>
/// <remarks>An object belongs to the one model it was added to.</remarks>
public abstract class ModelCapability
{
    private readonly int? _offset;

    private protected ModelCapability()
    {
    }

    /// <summary>
    /// Where it is to lie in configuration space: a multiple of 4, from 40h on, extended ones from 100h on; next to the one before
    /// unless told.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a multiple of 4, or outside configuration space.</exception>
    public int? Offset
    {
        get => _offset;
        init
        {
            if (value is int offset && (offset < PciOffsets.FirstCapability || offset >= 4096 || offset % 4 != 0))
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, "a capability lies at a multiple of 4, from 0x40 on");
            }

            _offset = value;
        }
    }

    internal virtual bool IsExtended => false;

    /// <summary>Bytes, header and all.</summary>
    internal abstract int Length { get; }

    /// <summary>Where it lies, once it was added.</summary>
    internal int Start { get; private set; } = -1;

    internal void Place(ModelConfigSpace config, int start)
    {
        Start = start;
        Declare(config);
    }

    /// <summary>Writes its registers, without the pointer to the next one.</summary>
    internal abstract void Declare(ModelConfigSpace config);

    /// <summary>The driver has written some of it, from an offset within it, which is negative for a write that begins before; the values are in already.</summary>
    internal virtual void Written(DeviceModel model, int offset, int width)
    {
    }
}
