using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Collects the stopped transfers of one device from the kernel's log, starting when it is created. All devices of the
/// process read the log through one descriptor. Thread-safe.
/// </summary>
internal sealed class FaultLog : IDisposable
{
    // The faults may never be read. Beyond this number, the oldest are dropped.
    private const int MostFaults = 10_000;

    // One descriptor for the process: a host can have thousands of devices, and a user's limit may be a thousand
    // descriptors.
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, Reader> Readers = [];

    private readonly string _path;
    private readonly PciAddress _device;
    private readonly Queue<IommuFault> _faults = []; // under the lock, as all fields below

    /// <summary>Starts after what is in the log now. If the log cannot be read, <see cref="TakeNew"/> throws.</summary>
    public FaultLog(HostRoot host, PciAddress device)
    {
        _path = KernelLog.PathOf(host);
        _device = device;
        lock (Gate)
        {
            if (!Readers.TryGetValue(_path, out Reader? reader))
            {
                Readers[_path] = reader = new Reader(new KernelLog(host));
            }

            reader.PassOn();
            reader.Listeners.Add(this);
        }
    }

    /// <summary>Gets how many descriptors of the log this process has open.</summary>
    internal static int OpenLogs
    {
        get
        {
            lock (Gate)
            {
                return Readers.Count;
            }
        }
    }

    /// <summary>Returns the faults since the last call, oldest first.</summary>
    /// <exception cref="VfioException">The log cannot be read.</exception>
    public IReadOnlyList<IommuFault> TakeNew()
    {
        lock (Gate)
        {
            if (Readers.TryGetValue(_path, out Reader? reader))
            {
                reader.Log.CheckReadable();
                reader.PassOn();
            }

            IommuFault[] faults = [.. _faults];
            _faults.Clear();
            return faults;
        }
    }

    public void Dispose()
    {
        lock (Gate)
        {
            if (Readers.TryGetValue(_path, out Reader? reader)
                && reader.Listeners.Remove(this)
                && reader.Listeners.Count == 0)
            {
                Readers.Remove(_path);
                reader.Log.Dispose();
            }
        }
    }

    private void Note(IommuFault fault)
    {
        if (_faults.Count == MostFaults)
        {
            _faults.Dequeue();
        }

        _faults.Enqueue(fault);
    }

    private sealed class Reader(KernelLog log)
    {
        public KernelLog Log => log;

        public List<FaultLog> Listeners { get; } = [];

        /// <summary>Passes each new fault to its device.</summary>
        public void PassOn()
        {
            foreach (string line in log.ReadNew())
            {
                if (IommuFaultText.Parse(line) is { } fault)
                {
                    Listeners.FindAll(listener => listener._device == fault.Device)
                        .ForEach(listener => listener.Note(fault));
                }
            }
        }
    }
}
