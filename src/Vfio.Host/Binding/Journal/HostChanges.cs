using System.Diagnostics;

namespace Vfio.Host;

/// <summary>Changes the running host.</summary>
/// <param name="helper">The program that writes kernel attributes (<see cref="BindOptions.Helper"/>).</param>
internal sealed class HostChanges(IReadOnlyList<string>? helper) : IHostChanges
{
    private static readonly TimeSpan ModprobePatience = TimeSpan.FromSeconds(60);
    private static readonly string[] ModprobePlaces =
        ["/usr/sbin/modprobe", "/sbin/modprobe", "/usr/bin/modprobe", "/bin/modprobe"];
    private static readonly string[] RmmodPlaces =
        [.. ModprobePlaces.Select(path => path.Replace("modprobe", "rmmod", StringComparison.Ordinal))];
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    private readonly KernelAttributes _attributes = new(helper);

    public ProcessIdentity StartWriter() => _attributes.Child;

    public bool Write(string path, string value, AttributeWait wait) =>
        _attributes.Write(path, value.TrimEnd('\n'), wait) switch
        {
            null => false,
            { Errno: 0 } => true,
            { Errno: int errno } => throw new VfioException("write", path, errno, HintFor(errno)),
            AttributeAnswer answer => throw new VfioException(
                "write",
                path,
                answer.Text.Length == 0 ? "the child process reported no reason" : answer.Text.ReplaceLineEndings(" ")),
        };

    public string? Read(string path) => _attributes.Read(path);

    public void EndWriter() => _attributes.EndChild();

    public void LoadModule(string module)
    {
        using Process modprobe = Start(Find(ModprobePlaces), ["--", module]);
        Task<string> errors = modprobe.StandardError.ReadToEndAsync();
        if (!modprobe.WaitForExit(ModprobePatience) || !errors.Wait(ModprobePatience))
        {
            throw new VfioException(
                "modprobe",
                module,
                $"it did not end within {ModprobePatience.TotalSeconds} s",
                "see what the module waits for in the kernel's log: dmesg | tail");
        }

        if (modprobe.ExitCode != 0)
        {
            throw new VfioException(
                "modprobe",
                module,
                errors.Result.Trim().Split('\n')[0] is { Length: > 0 } first
                    ? first
                    : $"it exited with code {modprobe.ExitCode}",
                "check that the running kernel has this module: find /lib/modules/$(uname -r) -name '*vfio*'");
        }
    }

    public void UnloadModule(string module)
    {
        using Process rmmod = Start(Find(RmmodPlaces), ["--", module]);
        // Its errors are ignored: a module that has come into use at this moment stays loaded, which does no harm.
        rmmod.StandardError.Close();
        if (!rmmod.WaitForExit(ModprobePatience))
        {
            throw new VfioException(
                "rmmod",
                module,
                $"it did not end within {ModprobePatience.TotalSeconds} s",
                "see what the module waits for in the kernel's log: dmesg | tail");
        }
    }

    public void SetAccess(string node, AccessList access)
    {
        int errno = access.Write(node);
        if (errno == Errno.EOPNOTSUPP)
        {
            throw new VfioException(
                "set the ACL of",
                node,
                errno,
                "this kernel has no ACLs in /dev (CONFIG_TMPFS_POSIX_ACL): bind without --user, then give "
                + "the nodes to the user with chown");
        }

        Check("set the ACL of", node, errno);
    }

    public void SetOwner(string node, uint user, uint group) =>
        Check("change the owner of", node, FileOwner.Set(node, user, group));

    public void RenameInterface(string name, string newName) =>
        Check("rename", $"interface {name} to {newName}", NetworkInterfaceIoctl.Rename(name, newName));

    public void SwitchOnInterface(string name) =>
        Check("bring up", $"interface {name}", NetworkInterfaceIoctl.SetUp(name));

    public bool WaitUntil(Func<bool> condition, TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) >= time)
            {
                return false;
            }

            Thread.Sleep(PollInterval);
        }

        return true;
    }

    private static void Check(string operation, string subject, int errno)
    {
        if (errno != 0)
        {
            throw new VfioException(operation, subject, errno, HintFor(errno));
        }
    }

    private static string? HintFor(int errno) => errno switch
    {
        Errno.EACCES or Errno.EPERM => "this needs root: sudo vfio …",
        Errno.EBUSY or Errno.ENODEV =>
            "another program may have changed the device at the same time; vfio status shows its current state",
        _ => null,
    };

    // Use a full path in a folder that only root can write. This runs as root, and a bare name would also be looked up
    // in the working directory.
    private static string Find(string[] places) =>
        places.FirstOrDefault(File.Exists)
        ?? throw new VfioException(
            "find", Path.GetFileName(places[0]), "the program is not installed", "sudo apt-get install kmod");

    private static Process Start(string program, string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = "/",
        };
        try
        {
            return Process.Start(start) ?? throw new VfioException("start", program, "no process was started");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new VfioException("start", program, e.NativeErrorCode, $"check that {program} can be executed");
        }
    }
}
