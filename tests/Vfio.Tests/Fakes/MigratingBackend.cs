using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// Represents a device that supports every kind of migration that linux/vfio.h describes, because no device of the
/// machine does. It follows what the header says about the states and their arcs. Structures and descriptors are the
/// kernel's own; its state is a few bytes, which must begin with "FAKE".
/// </summary>
internal sealed class MigratingBackend : IDeviceBackend, IMigratable, IDmaLog
{
    private readonly byte[] _config = new byte[256];
    private MigrationState _state = MigrationState.Running;
    private SafeFileHandle? _file;

    public MigratingBackend(MigrationCapabilities capabilities, string state = "FAKE")
    {
        Capabilities = capabilities;
        Content = System.Text.Encoding.ASCII.GetBytes(state);
        MemoryMarshal.Write(_config, 0x10d38086);
        MemoryMarshal.Write(_config.AsSpan(0x2c), 0x00011af4);
        _config[8] = 3;
    }

    public MigrationCapabilities Capabilities { get; }

    /// <summary>Gets the device's state; if it was given an invalid one, the previous state.</summary>
    public byte[] Content { get; set; }

    /// <summary>Gets how much of the state is provided while the device runs.</summary>
    public int InitialBytes { get; set; }

    /// <summary>Gets the sizes of changed data that the device reports, one after the other, at each request.</summary>
    public Queue<PreCopyInfo> Changes { get; } = [];

    public MigrationState State => _state;

    public int ResetErrno { get; set; }

    public bool KnowsPreCopyFlags { get; init; } = true;

    /// <summary>Gets the features that the kernel does not support.</summary>
    public HashSet<uint> Unknown { get; } = [];

    /// <summary>Gets the arcs that fail, and the state in which the device is then.</summary>
    public Dictionary<(MigrationState From, MigrationState To), (int Errno, MigrationState EndsIn)> Failing { get; } =
        [];

    /// <summary>Called before each read and write of the state, with the number of earlier ones.</summary>
    public Func<int, int> Moving { get; set; } = _ => 0;

    /// <summary>Gets every arc that was taken and every reset, in order.</summary>
    public List<string> Log { get; } = [];

    public int OpenSessions { get; private set; }

    public bool IsDisposed { get; private set; }

    public ushort VendorId
    {
        set => MemoryMarshal.Write(_config, value);
    }

    public FakeWriteLog Writes { get; } = new();

    public string Name => "fake";

    // Like mtty, which can be reset and does not report that.
    public DeviceInfo GetInfo() => new(RegionCount: 9, InterruptCount: 5, CanReset: false);

    public RegionInfo GetRegionInfo(RegionIndex region) =>
        new(region, region == RegionIndex.Config ? 256u : 0, true, true, [], 0);

    public void ReadRegion(RegionInfo region, ulong offset, Span<byte> data) => _config.AsSpan((int)offset, data.Length)
        .CopyTo(data);

    public void WriteRegion(RegionInfo region, ulong offset, ReadOnlySpan<byte> data) =>
        data.CopyTo(_config.AsSpan((int)offset));

    public MappedMemory MapArea(RegionInfo region, MappableArea area) => throw new NotSupportedException();

    public IrqInfo GetInterruptInfo(IrqIndex index) =>
        new(index, 0, canSignal: false, isMaskable: false, isAutomasked: false, isFixed: false);

    public int SetTriggers(IrqIndex index, int start, ReadOnlySpan<SafeFileHandle?> eventFds) =>
        throw new NotSupportedException();

    public void SetUnmaskTrigger(IrqIndex index, int subindex, SafeFileHandle? eventFd) =>
        throw new NotSupportedException();

    public void SetInterrupts(IrqIndex index, IrqAction action, int start, int count) =>
        throw new NotSupportedException();

    public void DisableInterrupts(IrqIndex index) => throw new NotSupportedException();

    public void Reset()
    {
        Log.Add("reset");
        if (ResetErrno != 0)
        {
            throw new VfioException("VFIO_DEVICE_RESET", "the fake", ResetErrno);
        }

        CloseFile();
        _state = MigrationState.Running;
    }

    public int Feature(string name, uint flags, Span<byte> data, out int result)
    {
        result = 0;
        uint feature = flags & 0xffff;
        if (Unknown.Contains(feature)
            || (feature is not (VfioUapi.VFIO_DEVICE_FEATURE_DMA_LOGGING_START
                or VfioUapi.VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP)
                && Capabilities == MigrationCapabilities.None))
        {
            return Errno.ENOTTY;
        }

        switch (feature)
        {
            case VfioUapi.VFIO_DEVICE_FEATURE_MIGRATION:
                MemoryMarshal.Write(data, (ulong)Capabilities);
                return 0;
            case VfioUapi.VFIO_DEVICE_FEATURE_MIG_DATA_SIZE:
                MemoryMarshal.Write(data, (ulong)Content.Length);
                return 0;
            case VfioUapi.VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2:
                return KnowsPreCopyFlags ? 0 : Errno.ENOTTY;
            case VfioUapi.VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE when (flags & VfioUapi.VFIO_DEVICE_FEATURE_GET) != 0:
                MemoryMarshal.Write(
                    data, new VfioUapi.vfio_device_feature_mig_state { device_state = (uint)_state, data_fd = -1 });
                return 0;
            case VfioUapi.VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE:
                VfioUapi.vfio_device_feature_mig_state request =
                    MemoryMarshal.Read<VfioUapi.vfio_device_feature_mig_state>(data);
                int errno = Go((MigrationState)request.device_state, out int descriptor);
                MemoryMarshal.Write(data, request with { data_fd = descriptor });
                return errno;
            case VfioUapi.VFIO_DEVICE_FEATURE_DMA_LOGGING_START:
                return Writes.CanLog ? 0 : Errno.ENOTTY; // the probe
            case VfioUapi.VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP:
                return Writes.Stop();
            default:
                return Errno.ENOTTY;
        }
    }

    public int SetMigrationState(uint state, out IMigrationData? data)
    {
        int errno = DeviceFile.SetMigrationState(this, new SystemCalls(), state, out data);
        data = data is null ? null : new Session(this, data);
        return errno;
    }

    public int StartDmaLog(ReadOnlySpan<IovaRange> ranges, ref ulong pageSize) => Writes.Start(ranges, ref pageSize);

    public int ReadDmaLog(ulong iova, ulong length, ulong pageSize, Span<ulong> bitmap) =>
        Writes.Read(iova, length, pageSize, bitmap);

    public void Dispose()
    {
        IsDisposed = true;
        CloseFile();
    }

    private int Go(MigrationState wanted, out int descriptor)
    {
        descriptor = -1;
        IReadOnlyList<MigrationState>? path = MigrationArcs.Find(Capabilities, _state, wanted);
        if (path is null)
        {
            return Errno.EINVAL;
        }

        foreach (MigrationState next in path)
        {
            if (Failing.TryGetValue((_state, next), out (int Errno, MigrationState EndsIn) failure))
            {
                _state = failure.EndsIn;
                return failure.Errno;
            }

            Log.Add($"{_state} > {next}");
            if (!TryWalk(next, ref descriptor))
            {
                return Errno.EINVAL;
            }

            _state = next;
        }

        return 0;
    }

    private bool TryWalk(MigrationState next, ref int descriptor)
    {
        bool wasSaving = MigrationArcs.IsSaving(_state);
        if (_state == MigrationState.Resuming)
        {
            byte[] written = new byte[RandomAccess.GetLength(_file!)];
            Assert.Equal(0, PositionedIo.Read(_file!, written, 0, out _));
            if (!written.AsSpan().StartsWith("FAKE"u8))
            {
                return false;
            }

            Content = written;
        }

        if (next == MigrationState.Resuming || (MigrationArcs.IsSaving(next) && !wasSaving))
        {
            descriptor = OpenFile();
            Append(next == MigrationState.Resuming ? []
                : next == MigrationState.StopCopy ? Content
                : Content.AsSpan(0, InitialBytes));
        }
        else if (next == MigrationState.StopCopy)
        {
            Append(Content.AsSpan(InitialBytes));
        }
        else if (!MigrationArcs.IsSaving(next))
        {
            CloseFile();
        }

        return true;
    }

    // Each reader or writer has its own file position, as with the kernel's descriptor.
    private int OpenFile()
    {
        CloseFile();
        _file = Libc.MemfdCreate("vfio-test-migration", Libc.MFD_CLOEXEC);
        using SafeFileHandle opened = Libc.Open(
            $"/proc/self/fd/{_file.DangerousGetHandle()}", Libc.O_RDWR | Libc.O_CLOEXEC);
        int number = (int)opened.DangerousGetHandle();
        opened.SetHandleAsInvalid();
        return number;
    }

    private void Append(ReadOnlySpan<byte> data) =>
        Assert.Equal(0, PositionedIo.Write(_file!, data, RandomAccess.GetLength(_file!), out _));

    private void CloseFile()
    {
        _file?.Dispose();
        _file = null;
    }

    /// <summary>Represents the descriptor, with the two requests that a file does not support.</summary>
    private sealed class Session : IMigrationData
    {
        private readonly MigratingBackend _device;
        private readonly IMigrationData _file;
        private int _moves;
        private int _read;

        public Session(MigratingBackend device, IMigrationData file)
        {
            (_device, _file) = (device, file);
            device.OpenSessions++;
        }

        public int Read(Span<byte> data, out int done)
        {
            done = 0;
            int errno = _device.Moving(_moves++);
            errno = errno == 0 ? _file.Read(data, out done) : errno;
            _read += done;
            return errno == 0 && done == 0 && _device.State != MigrationState.StopCopy ? Errno.ENOMSG : errno;
        }

        public int Write(ReadOnlySpan<byte> data, out int done)
        {
            done = 0;
            int errno = _device.Moving(_moves++);
            return errno == 0 ? _file.Write(data, out done) : errno;
        }

        public int GetPreCopyInfo(out PreCopyInfo info)
        {
            info = _device.Changes.TryDequeue(out PreCopyInfo next)
                ? next
                : new PreCopyInfo((ulong)(_device.InitialBytes - _read), 0, false);
            return _device.State is MigrationState.PreCopy or MigrationState.PreCopyPeerToPeer ? 0 : Errno.EINVAL;
        }

        public void Dispose()
        {
            _device.OpenSessions--;
            _file.Dispose();
        }
    }
}
