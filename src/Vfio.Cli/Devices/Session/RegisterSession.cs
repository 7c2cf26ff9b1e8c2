using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Represents one open device: its regions, which are opened at their first use, and the names of its registers.
/// </summary>
internal sealed class RegisterSession : IDisposable
{
    // A device that takes longer than this pause between two polls is not busy but stuck, and shorter pauses would only
    // use processor time.
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

    /// <summary>Gets the device as the user named it.</summary>
    public DeviceTarget Target { get; }

    public RegisterNames Names { get; }

    /// <summary>Gets the open device, for operations on more than registers.</summary>
    public VfioDevice Device => _device;

    /// <summary>Gets the memory that is mapped for the device.</summary>
    public SessionMemory Memory { get; }

    /// <summary>
    /// Gets whether the kernel requests the device. Listening starts with the first use, because a single access ends
    /// before a request could arrive.
    /// </summary>
    public ReleaseRequest Request => field ??= new ReleaseRequest(_device, Target.Name);

    /// <summary>
    /// Gets the seconds since the start of the session, for JSON. Microseconds are precise enough, because no access
    /// through a system call is faster.
    /// </summary>
    public double Time => Math.Round(Elapsed.TotalSeconds, 6);

    /// <summary>Gets the time since the start of the session.</summary>
    public TimeSpan Elapsed => _clock.GetElapsedTime(_start);

    /// <summary>Gets or sets the callback that is called after each successful access.</summary>
    public Action<Access>? Accessed { get; set; }

    /// <summary>Opens a device.</summary>
    /// <param name="host">The host.</param>
    /// <param name="target">The device.</param>
    /// <param name="names">The names of its registers.</param>
    public static RegisterSession Open(CliHost host, DeviceTarget target, RegisterNames names) =>
        new(host, target, target.Open(host), names);

    /// <summary>
    /// Returns a region that is accessed through the file descriptor. If the device does not answer, an access then
    /// fails with an error instead of ending the process.
    /// </summary>
    /// <exception cref="VfioException">The device does not implement the region.</exception>
    public Region Region(RegionIndex index)
    {
        if (!_regions.TryGetValue(index, out Region? region))
        {
            try
            {
                region = _device.OpenRegion(index, RegionAccess.Trapped);
            }
            catch (VfioException e)
                when (e.Errno == 0 && Target is HostTarget target && index is >= 0 and <= RegionIndex.Rom
                    && MissingRegion.Explain(_root, target.Address, index) is VfioException missing)
            {
                throw missing;
            }

            _regions.Add(index, region);
        }

        return region;
    }

    /// <summary>Checks that consecutive registers can be read or written, before the first is accessed.</summary>
    /// <exception cref="CliException">They are not all inside the region, or the region cannot be read or
    /// written.</exception>
    public void Check(string command, RegisterPlace place, int count = 1, bool isWrite = false)
    {
        Region region = Region(place.Place.Region);
        RegisterWidth.CheckRange(command, region.Length, place.Place, place.Bits, count);
        if (isWrite && !region.Info.CanWrite)
        {
            throw new CliException(
                $"{command}: {place.Place.RegionName} of {Target.Name} cannot be written",
                "a ROM, for example, is read-only");
        }

        if (!isWrite && !region.Info.CanRead)
        {
            throw new CliException(
                $"{command}: {place.Place.RegionName} of {Target.Name} cannot be read",
                "this region can only be written");
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
            throw new CliException(
                $"reset: the kernel has no method to reset only {Target.Name}",
                "a reset of its bus would also reset other devices: vfio reset --hot");
        }

        _device.Reset();
        Tell(new Access(AccessKind.Reset, default, 0));
    }

    /// <summary>Reads a register repeatedly until it has the expected value.</summary>
    /// <returns>The last value read, and whether it is the expected one.</returns>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public (ulong Value, bool IsMet) Wait(
        RegisterPlace place, WaitCondition condition, CancellationToken cancellationToken)
    {
        long start = _clock.GetTimestamp();
        TimeSpan pause = FirstPause;
        while (true)
        {
            Request.ThrowIfAsked();
            // The time is checked before the read, so that a device that was ready in time is not reported as late
            // because this program was slow.
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

    // All ones may be the kernel's answer in place of the content of the MSI-X table.
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
            _host.Tell(
                $"vfio: {place.Place} is in the MSI-X table, which this kernel does not show: it reads as all ones");
        }

        return value;
    }

    private void Tell(Access access) => Accessed?.Invoke(access with { Time = Elapsed });
}
