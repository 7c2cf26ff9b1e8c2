using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>One open device: its regions, opened when first used, the names of its registers, and who listens to each access.</summary>
internal sealed class RegisterSession : IDisposable
{
    // A device that needs longer than this for a poll is not busy but stuck; shorter polls keep a processor busy for nothing.
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(10);

    private readonly Dictionary<RegionIndex, Region> _regions = [];
    private readonly CliHost _host;
    private readonly HostRoot _root;
    private readonly VfioDevice _device;
    private readonly TimeProvider _clock;
    private readonly long _start;
    private MsixTable? _msix;
    private bool _hasLookedForMsix;
    private bool _hasToldOfMsix;

    private RegisterSession(CliHost host, DeviceTarget target, VfioDevice device, RegisterNames names)
    {
        _host = host;
        _root = host.Root;
        Target = target;
        Names = names;
        _device = device;
        Memory = new SessionMemory(device);
        _clock = host.Clock;
        _start = _clock.GetTimestamp();
    }

    /// <summary>The device, as it was named.</summary>
    public DeviceTarget Target { get; }

    public RegisterNames Names { get; }

    /// <summary>The open device, for what is more than registers.</summary>
    public VfioDevice Device => _device;

    /// <summary>What the device was given to reach by itself.</summary>
    public SessionMemory Memory { get; }

    /// <summary>Whether the kernel wants the device back; listened to from the first look on, since a single access ends before anybody could ask.</summary>
    public ReleaseRequest Request => field ??= new ReleaseRequest(_device, Target.Name);

    /// <summary>Seconds since the session began, for JSON: microseconds, since no access through a system call is faster.</summary>
    public double Time => Math.Round(Elapsed.TotalSeconds, 6);

    /// <summary>Since the session began.</summary>
    public TimeSpan Elapsed => _clock.GetElapsedTime(_start);

    /// <summary>Told of each access after it was made; of none that failed.</summary>
    public Action<Access>? Accessed { get; set; }

    /// <summary>Opens a device.</summary>
    /// <param name="host">The host it is in.</param>
    /// <param name="target">The device.</param>
    /// <param name="names">What its registers are called.</param>
    public static RegisterSession Open(CliHost host, DeviceTarget target, RegisterNames names) => new(host, target, target.Open(host), names);

    /// <summary>A region, through the file descriptor: an error where the device does not answer, instead of the end of the process.</summary>
    /// <exception cref="VfioException">The device does not implement it.</exception>
    public Region Region(RegionIndex index)
    {
        if (!_regions.TryGetValue(index, out Region? region))
        {
            try
            {
                region = _device.OpenRegion(index, RegionAccess.Trapped);
            }
            catch (VfioException e) when (e.Errno == 0 && Target is HostTarget target && index is >= 0 and <= RegionIndex.Rom
                && MissingRegion.Explain(_root, target.Address, index) is VfioException missing)
            {
                throw missing;
            }

            _regions.Add(index, region);
        }

        return region;
    }

    /// <summary>Makes sure that successive registers can be read, or written, before the first is touched.</summary>
    /// <exception cref="CliException">They do not all lie in the region, or it is of the other direction.</exception>
    public void Check(string command, RegisterPlace place, int count = 1, bool isWrite = false)
    {
        Region region = Region(place.Place.Region);
        RegisterWidth.CheckRange(command, region.Length, place.Place, place.Bits, count);
        if (isWrite && !region.Info.CanWrite)
        {
            throw new CliException($"{command}: {place.Place.RegionName} of {Target.Name} cannot be written", "a ROM, for one, is read only");
        }

        if (!isWrite && !region.Info.CanRead)
        {
            throw new CliException($"{command}: {place.Place.RegionName} of {Target.Name} cannot be read", "it can only be written");
        }
    }

    public ulong Read(RegisterPlace place)
    {
        ulong value = ReadSilently(place);
        Tell(new Access(AccessKind.Read, place, value));
        return value;
    }

    public void Write(RegisterPlace place, ulong value)
    {
        RegisterWidth.Write(Region(place.Place.Region), place.Place.Offset, place.Bits, value);
        Tell(new Access(AccessKind.Write, place, value));
    }

    public void Reset()
    {
        if (!_device.CanReset)
        {
            throw new CliException($"reset: {Target.Name} cannot be reset alone", "the kernel knows no way that leaves the devices beside it in peace");
        }

        _device.Reset();
        Tell(new Access(AccessKind.Reset, default, 0));
    }

    /// <summary>Reads until the value is the wanted one.</summary>
    /// <returns>What was read last, and whether that is it.</returns>
    /// <exception cref="OperationCanceledException">Somebody lost patience.</exception>
    public (ulong Value, bool IsMet) Wait(RegisterPlace place, WaitCondition condition, CancellationToken cancellationToken)
    {
        long start = _clock.GetTimestamp();
        TimeSpan pause = FirstPause;
        while (true)
        {
            Request.ThrowIfAsked();
            // Looked at before the read: a device that was ready in time is not called late because this program was.
            bool isLast = _clock.GetElapsedTime(start) >= condition.Timeout;
            ulong value = ReadSilently(place);
            if (condition.IsMet(value) || isLast)
            {
                Tell(new Access(AccessKind.Wait, place, value) { Condition = condition });
                return (value, condition.IsMet(value));
            }

            cancellationToken.WaitHandle.WaitOne(pause);
            cancellationToken.ThrowIfCancellationRequested();
            pause = pause < LongestPause ? pause * 2 : LongestPause;
        }
    }

    public void Dispose()
    {
        try
        {
            Memory.Dispose();
        }
        finally
        {
            _msix?.Dispose();
            foreach (Region region in _regions.Values)
            {
                region.Dispose();
            }

            _device.Dispose();
        }
    }

    private ulong ReadSilently(RegisterPlace place)
    {
        ulong value = RegisterWidth.Read(Region(place.Place.Region), place.Place.Offset, place.Bits);
        return value == place.Mask && place.Place.Region <= RegionIndex.Bar5 ? ReadMsix(place) ?? value : value;
    }

    // All ones may be what the kernel says instead of what is in the table.
    private ulong? ReadMsix(RegisterPlace place)
    {
        if (!_hasLookedForMsix)
        {
            _hasLookedForMsix = true;
            _msix = MsixTable.Find(_device, Region(RegionIndex.Config));
        }

        if (_msix?.Has(place) != true)
        {
            return null;
        }

        ulong? value = _msix.Read(place);
        if (value is null && !_hasToldOfMsix)
        {
            _hasToldOfMsix = true;
            _host.Tell($"vfio: {place.Place} is in the MSI-X table, of which this kernel shows nobody anything but ones");
        }

        return value;
    }

    private void Tell(Access access) => Accessed?.Invoke(access with { Time = Elapsed });
}
