using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// Represents the use of a device model by a client, from open to close. All input of the client is validated here,
/// because it may be hostile or come from another process.
/// </summary>
/// <remarks>
/// Any thread may use it at any time. After <see cref="Dispose"/>, each call throws <see
/// cref="ObjectDisposedException"/>.
/// </remarks>
internal sealed partial class ModelSession(DeviceModel model, IModelClient? client, DmaTable? shared = null)
    : IDisposable
{
    private const int MostFaults = 256;

    private readonly List<WeakReference<MappedMemory>> _mappings = [];
    private readonly Queue<IommuFault> _faults = new();

    public string Name => model.Name;

    public TimeProvider Clock => model.Clock;

    /// <summary>Lets time pass for a driver that waits. Not under the model's lock, because timers may run.</summary>
    public void Pass(TimeSpan time) => model.Pass(time);

    public IModelClient? Client => client;

    /// <summary>
    /// Gets the memory that the client has mapped for the device. If a shared table was given, several device models
    /// use it.
    /// </summary>
    public DmaTable Dma { get; } = shared ?? new();

    /// <summary>Gets whether the mappings end with the session.</summary>
    public bool OwnsDma => shared is null;

    public bool CanReset => model.CanReset;

    public RegionInfo GetRegionInfo(RegionIndex region)
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            return region switch
            {
                >= RegionIndex.Bar0 and <= RegionIndex.Bar5 => model.BarAt(region)?.Info ?? Missing(region),
                RegionIndex.Rom => model.Rom?.Info ?? Missing(region),
                RegionIndex.Config =>
                    new RegionInfo(region, (ulong)model.Config.Length, canRead: true, canWrite: true, [], 0),
                _ => throw new VfioException(
                    "VFIO_DEVICE_GET_REGION_INFO", $"{region.Describe()} of {Name}", Errno.EINVAL),
            };
        }
    }

    public ulong Read(RegionIndex region, ulong offset, int width)
    {
        lock (model.Sync)
        {
            if (FindOrdinary(region, offset, width) is ModelBar bar)
            {
                return bar.Read(offset, width) & (ulong.MaxValue >> (64 - (8 * width)));
            }

            ThrowIfClosed();
            ulong ones = ulong.MaxValue >> (64 - (8 * Check(region, offset, width)));
            RegisterFault? fault = model.Faults.IsArmed ? model.Faults.OnAccess(region, offset, isRead: true) : null;
            if (model.IsRemoved || fault is { Kind: RegisterFaultKind.AllOnes })
            {
                return ones;
            }

            if (fault is { Kind: RegisterFaultKind.NoAnswer })
            {
                throw NoAnswer("read", region, offset);
            }

            ulong value = region switch
            {
                RegionIndex.Config => model.Config.ClientRead((int)offset, width),
                RegionIndex.Rom => Decodes("read", region, offset) ? model.Rom!.Read(offset, width) : ones,
                _ => Decodes("read", region, offset) ? model.BarAt(region)!.Read(offset, width) : ones,
            };
            return (fault is { Kind: RegisterFaultKind.WrongValue } wrong ? wrong.Value : value) & ones;
        }
    }

    public void Write(RegionIndex region, ulong offset, int width, ulong value)
    {
        lock (model.Sync)
        {
            if (FindOrdinary(region, offset, width) is ModelBar bar)
            {
                bar.Write(offset, width, value & (ulong.MaxValue >> (64 - (8 * width))));
                return;
            }

            ThrowIfClosed();
            ulong ones = ulong.MaxValue >> (64 - (8 * Check(region, offset, width)));
            RegisterFault? fault = model.Faults.IsArmed ? model.Faults.OnAccess(region, offset, isRead: false) : null;
            if (fault is { Kind: RegisterFaultKind.NoAnswer } && !model.IsRemoved)
            {
                throw NoAnswer("write", region, offset);
            }

            bool isLost = model.IsRemoved || fault is { Kind: RegisterFaultKind.AllOnes };
            if (region == RegionIndex.Rom)
            {
                throw new VfioException("write", Place(region, offset), Errno.EINVAL, "a ROM cannot be written");
            }

            if (region == RegionIndex.Config && !isLost)
            {
                WriteConfig((int)offset, width, value);
            }
            else if (!isLost && Decodes("write", region, offset))
            {
                model.BarAt(region)!.Write(offset, width, value & ones);
            }
        }
    }

    /// <summary>Maps a part of the memory in a BAR. The caller owns the mapping.</summary>
    public MappedMemory Map(RegionIndex region, MappableArea area)
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            string subject = $"{region.Describe()} of {Name}";
            ulong page = (ulong)Environment.SystemPageSize;
            ModelMemory? memory = (area.Offset | area.Length) % page == 0
                ? model.BarAt(region)?.FindMappable(area)
                : null;
            if (memory is null)
            {
                throw new VfioException("mmap", subject, Errno.EINVAL);
            }

            if (memory.Length == 0)
            {
                throw new VfioException("mmap", subject, Errno.ENODEV, "the device model was disposed");
            }

            MappedMemory mapping = memory.Shared.Map(
                area.Offset - memory.Offset, area.Length, read: true, write: true, subject);
            if (model.IsRemoved)
            {
                mapping.Revoke();
            }

            _mappings.RemoveAll(reference => !reference.TryGetTarget(out _));
            _mappings.Add(new WeakReference<MappedMemory>(mapping));
            return mapping;
        }
    }

    public void Reset()
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            if (model.IsRemoved)
            {
                throw new VfioException("VFIO_DEVICE_RESET", Name, Errno.ENODEV, "the device was removed");
            }

            if (!model.CanReset)
            {
                throw new VfioException("VFIO_DEVICE_RESET", Name, Errno.EINVAL);
            }

            model.ResetUnderLock();
        }
    }

    /// <summary>
    /// Records that a transfer of the device was stopped. If there are too many, only the first are kept, as in the
    /// kernel's log.
    /// </summary>
    public void ReportFault(ulong iova, DmaAccess access, DmaResult result)
    {
        const ulong Page = 4096; // an IOMMU reports only the page
        if (_faults.Count < MostFaults)
        {
            _faults.Enqueue(new IommuFault(
                Address,
                iova & ~(Page - 1),
                access,
                result == DmaResult.NotMapped ? "nothing is mapped there" : "the mapping does not allow it"));
        }
    }

    public IReadOnlyList<IommuFault> TakeFaults()
    {
        lock (model.Sync)
        {
            ThrowIfClosed();
            IommuFault[] faults = [.. _faults];
            _faults.Clear();
            return faults;
        }
    }

    /// <summary>Revokes all mappings: the memory no longer exists, and they read as all ones.</summary>
    public void RevokeMappings()
    {
        foreach (WeakReference<MappedMemory> reference in _mappings)
        {
            if (reference.TryGetTarget(out MappedMemory? mapping))
            {
                mapping.Revoke();
            }
        }

        _mappings.Clear();
    }

    public void Dispose() => model.Close(this);

    // The fast path for nearly every access: an existing register of an open device without faults. Everything else
    // takes the slow path.
    private ModelBar? FindOrdinary(RegionIndex region, ulong offset, int width)
    {
        ModelBar? bar = model.Session == this && !model.IsUnusual ? model.BarAt(region) : null;
        return bar is not null
            && IsSound(bar.Length, offset, width)
            && (bar.IsIo ? model.Config.DecodesIo : model.Config.DecodesMemory)
            ? bar
            : null;
    }

    private static bool IsSound(ulong length, ulong offset, int width) => width is 1 or 2 or 4 or 8
        && length >= (uint)width && offset <= length - (uint)width && (offset & (uint)(width - 1)) == 0;

    private static RegionInfo Missing(RegionIndex region) => new(region, 0, canRead: false, canWrite: false, [], 0);

    // The kernel splits accesses to configuration space that are wider than 4 bytes, with the low half first.
    private void WriteConfig(int offset, int width, ulong value)
    {
        int part = Math.Min(width, 4);
        for (int done = 0; done < width; done += part)
        {
            model.Config.ClientWrite(offset + done, part, value >> (8 * done));
            model.ConfigWritten(offset + done, part);
        }
    }

    // vfio-pci reports an error for memory that is not decoded; I/O ports that are not decoded read as all ones.
    private bool Decodes(string operation, RegionIndex region, ulong offset)
    {
        if (model.BarAt(region) is { IsIo: true })
        {
            return model.Config.DecodesIo;
        }

        return model.Config.DecodesMemory ? true : throw NoAnswer(operation, region, offset);
    }

    private int Check(RegionIndex region, ulong offset, int width)
    {
        ulong length = region switch
        {
            RegionIndex.Config => (ulong)model.Config.Length,
            RegionIndex.Rom => model.Rom?.Length ?? 0,
            _ => model.BarAt(region)?.Length ?? 0,
        };
        return IsSound(length, offset, width)
            ? width
            : throw new VfioException(
                "access",
                Place(region, offset),
                Errno.EINVAL,
                $"an access of {width} bytes there is outside the region, misaligned, or of an invalid width");
    }

    private VfioException NoAnswer(string operation, RegionIndex region, ulong offset) => new(
        operation, Place(region, offset), Errno.EIO,
        "the device does not answer there: its memory decoding is off (config+4, bit 1), or it is in reset, "
        + "suspended or removed");

    private string Place(RegionIndex region, ulong offset) => $"{region.Describe()}+0x{offset:x} of {Name}";

    private void ThrowIfClosed()
    {
        ObjectDisposedException.ThrowIf(model.Session != this, this);
        model.ThrowTimerFailure();
    }
}
