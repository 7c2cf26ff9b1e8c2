using System.Diagnostics;
using System.Globalization;

namespace Vfio;

/// <summary>
/// Collects what the processes of a host have open and mapped; each is examined once. A descriptor is identified by the
/// file that it refers to, because its name depends on the process's mount namespace. On a host whose files are a copy,
/// only the name is available.
/// </summary>
internal sealed class OpenFiles
{
    private const int MostStuck = 8;

    /// <summary>
    /// The time after which the search gives up on a process. Examining one takes microseconds, unless the kernel waits
    /// for something.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly HostRoot _host;

    private OpenFiles(HostRoot host) => _host = host;

    /// <summary>Gets the processes that could be examined, by ID.</summary>
    public List<ProcessFiles> Processes { get; } = [];

    /// <summary>Gets the processes that could not, because the kernel does not answer.</summary>
    public List<int> Unexamined { get; } = [];

    /// <summary>Examines every process that the caller may examine.</summary>
    public static OpenFiles Read(HostRoot host)
    {
        int[] processes = [.. SysfsFile.Names(host.Combine("proc"))
            .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int process)
                ? process
                : 0)
            .Where(process => process > 0)
            .Order()];
        OpenFiles files = new(host);
        for (int next = 0, stuck = 0; next < processes.Length; next++)
        {
            if (stuck == MostStuck)
            {
                files.Unexamined.AddRange(processes[next..]);
                break;
            }

            Scan scan = new(processes, next, files.Examine);
            next = scan.Wait(Patience, files.Processes);
            if (next < processes.Length)
            {
                stuck++;
                files.Unexamined.Add(processes[next]);
            }
        }

        return files;
    }

    private ProcessFiles Examine(int process)
    {
        string folder = _host.Combine($"proc/{process}");
        List<OpenFile> open = [];
        foreach (string descriptor in SysfsFile.Names(Path.Combine(folder, "fd")))
        {
            string path = Path.Combine(folder, "fd", descriptor);
            FileIdentity? identity = _host.IsRunningHost ? FileIdentity.Of(path) : null;
            // Only these can belong to VFIO, whose names matter.
            bool isNamed = !_host.IsRunningHost
                || identity is null or { Kind: FileKind.CharacterDevice or FileKind.Anonymous };
            open.Add(new OpenFile(
                Path.Combine(folder, "fdinfo", descriptor), identity, isNamed ? SysfsFile.ReadLink(path) : null));
        }

        return new ProcessFiles(process, folder, open, [.. SharedMappings(folder)]);
    }

    // Memory of a device is mapped shared: "7f0000000000-7f0000001000 rw-s 00000000 00:06 123 /dev/vfio/devices/vfio0"
    private IEnumerable<SharedMapping> SharedMappings(string folder)
    {
        const int Fields = 6;
        foreach (string line in SysfsFile.ReadLines(Path.Combine(folder, "maps")))
        {
            string[] fields = line.Split(' ', Fields, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length >= Fields - 1 && fields[1].EndsWith('s'))
            {
                FileIdentity? identity = _host.IsRunningHost
                    ? FileIdentity.Of(Path.Combine(folder, "map_files", fields[0]))
                    : null;
                yield return new SharedMapping(identity, fields.Length == Fields ? fields[^1].Trim() : "");
            }
        }
    }

    /// <summary>
    /// A thread that examines the processes. It may be abandoned if it does not return from one of them.
    /// </summary>
    private sealed class Scan
    {
        private readonly Lock _lock = new();
        private readonly List<ProcessFiles> _found = [];
        private readonly TaskCompletionSource _end = new();
        private int _at;
        private long _since = Stopwatch.GetTimestamp();

        public Scan(int[] processes, int first, Func<int, ProcessFiles> examine)
        {
            Thread thread = new(() =>
            {
                for (int i = first; i < processes.Length; i++)
                {
                    Begin(i);
                    ProcessFiles files = examine(processes[i]);
                    lock (_lock)
                    {
                        _found.Add(files);
                    }
                }

                Begin(processes.Length);
                _end.SetResult();
            })
            {
                IsBackground = true,
                Name = "holders",
            };
            thread.Start();
        }

        /// <returns>The index of the process at which it hangs; the number of processes if it finished.</returns>
        public int Wait(TimeSpan patience, List<ProcessFiles> found)
        {
            while (!_end.Task.Wait(patience / 10))
            {
                lock (_lock)
                {
                    if (Stopwatch.GetElapsedTime(_since) >= patience)
                    {
                        break;
                    }
                }
            }

            lock (_lock)
            {
                found.AddRange(_found);
                return _at;
            }
        }

        private void Begin(int place)
        {
            lock (_lock)
            {
                (_at, _since) = (place, Stopwatch.GetTimestamp());
            }
        }
    }
}

/// <summary>Represents a process, and what it has open and mapped.</summary>
/// <param name="Id">The process ID.</param>
/// <param name="Folder">Its folder in <c>/proc</c>.</param>
/// <param name="Open">The descriptors that it has open.</param>
/// <param name="Mapped">The shared memory that it has mapped.</param>
internal sealed record ProcessFiles(
    int Id, string Folder, IReadOnlyList<OpenFile> Open, IReadOnlyList<SharedMapping> Mapped);

/// <summary>Represents a descriptor of a process.</summary>
/// <param name="Info">The path of its <c>fdinfo</c>.</param>
/// <param name="Identity">The file that it refers to.</param>
/// <param name="Link">The target of its link, if that was read.</param>
internal readonly record struct OpenFile(string Info, FileIdentity? Identity, string? Link);

/// <summary>Represents shared memory of a process.</summary>
/// <param name="Identity">The file that is mapped.</param>
/// <param name="Name">Its name.</param>
internal readonly record struct SharedMapping(FileIdentity? Identity, string Name);
