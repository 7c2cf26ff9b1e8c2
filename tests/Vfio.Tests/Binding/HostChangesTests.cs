using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Vfio.Binding;
using Vfio.Interop;

namespace Vfio.Tests;

/// <summary>The real way to change a host, on files of its own.</summary>
public sealed class HostChangesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vfio-changes-");
    private readonly HostChanges _changes = new();

    public void Dispose() => _folder.Delete(recursive: true);

    private string NewFile(string content = "")
    {
        string path = Path.Combine(_folder.FullName, "attribute");
        File.WriteAllText(path, content);
        return path;
    }

    private string NewPipe()
    {
        string pipe = Path.Combine(_folder.FullName, "pipe");
        using Process mkfifo = Process.Start("mkfifo", [pipe]);
        mkfifo.WaitForExit();
        Assert.Equal(0, mkfifo.ExitCode);
        return pipe;
    }

    [Fact]
    public void A_write_that_is_taken_in_part_is_an_error()
    {
        // A pipe that does not block takes what it has room for.
        using SafeFileHandle pipe = Libc.Open(NewPipe(), Libc.O_RDWR | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
        Assert.Equal(0, WholeWrite.Write(pipe, new byte[16]));
        Assert.Equal(Errno.ENOSPC, WholeWrite.Write(pipe, new byte[1 << 20]));
    }

    [Fact]
    public void A_write_is_the_value_and_nothing_else()
    {
        string path = NewFile();
        _changes.Write(path, "0000:00:14.3");
        Assert.Equal("0000:00:14.3", File.ReadAllText(path));
    }

    [Fact]
    public void A_write_does_not_make_a_file_that_is_not_there()
    {
        string path = Path.Combine(_folder.FullName, "absent");
        VfioException failure = Assert.Throws<VfioException>(() => _changes.Write(path, "x"));
        Assert.Equal(("write", path, Errno.ENOENT), (failure.Operation, failure.Subject, failure.Errno));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void A_write_that_the_kernel_refuses_has_its_errno()
    {
        VfioException failure = Assert.Throws<VfioException>(() => _changes.Write(_folder.FullName, "x"));
        Assert.Equal(21, failure.Errno);
        Assert.Contains("EISDIR", failure.Message, StringComparison.Ordinal);
        Assert.Equal(Errno.ENOSPC, Assert.Throws<VfioException>(() => _changes.Write("/dev/full", "x")).Errno);
    }

    [Fact]
    public void A_child_writes_the_value_and_nothing_else()
    {
        string path = NewFile();
        Assert.Null(_changes.WriteInChild(path, "0000:00:14.3", Eventually.Limit));
        Assert.Equal("0000:00:14.3", File.ReadAllText(path));
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("$(touch x)")]
    [InlineData("`id`")]
    [InlineData("%s%n\\n")]
    [InlineData("'\";|&")]
    [InlineData("-n")]
    public void A_child_takes_path_and_value_as_they_are(string value)
    {
        string path = Path.Combine(_folder.FullName, "a '$(x)' \"`");
        File.WriteAllText(path, "");
        Assert.Null(_changes.WriteInChild(path, value, Eventually.Limit));
        Assert.Equal(value, File.ReadAllText(path));
    }

    [Fact]
    public void A_child_that_fails_is_an_error() =>
        Assert.Equal("write", Assert.Throws<VfioException>(() => _changes.WriteInChild(_folder.FullName, "x", Eventually.Limit)).Operation);

    [Fact]
    public void A_child_that_has_to_wait_is_left_behind_and_ends_when_it_can()
    {
        // A pipe that nobody reads blocks its writer, as the kernel's unbind does.
        string pipe = NewPipe();
        int child = Assert.IsType<int>(_changes.WriteInChild(pipe, "0000:00:14.3", TimeSpan.FromSeconds(0.2)));
        using Process waiting = Process.GetProcessById(child);
        Assert.False(waiting.HasExited);
        Assert.Equal("0000:00:14.3", File.ReadAllText(pipe));
        Assert.True(waiting.WaitForExit(Eventually.Limit));
    }

    [Fact]
    public void Access_to_nothing_is_an_error()
    {
        VfioException failure = Assert.Throws<VfioException>(() => _changes.SetAccess(Path.Combine(_folder.FullName, "absent"), AccessList.Of(NewFile())!.With(7, 6)));
        Assert.Equal(("set the access list of", Errno.ENOENT), (failure.Operation, failure.Errno));
    }

    [Fact]
    public void Another_users_file_is_an_error_with_a_hint()
    {
        Assert.SkipWhen(BindScenario.IsRoot, "root may say who opens any file");
        VfioException failure = Assert.Throws<VfioException>(() => _changes.SetAccess("/etc/passwd", AccessList.Of("/etc/passwd")!.With(7, 6)));
        Assert.Contains("root", failure.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Access_that_is_set_is_there_and_taken_back_leaves_no_trace()
    {
        string path = NewFile();
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        FileStatus before = FileStatus.Of(path)!.Value;
        AccessList alone = AccessList.Of(path)!;
        _changes.SetAccess(path, alone.With(1234, 6).With(77, 4));
        AccessList both = AccessList.Of(path)!;
        Assert.Equal((6, 4, null), (both.Find(1234), both.Find(77), both.Find(5)));
        Assert.True(both.Allows(1234) && !both.Allows(77) && !both.Allows(5));
        Assert.Equal([77u, 1234u], both.NamedUsers);
        _changes.SetAccess(path, both.With(77, null).With(1234, null));
        Assert.Equal((before, true), (FileStatus.Of(path)!.Value, AccessList.Of(path)!.Equals(alone)));
    }

    [Fact]
    public void Waiting_ends_when_the_condition_holds_or_the_time_is_over()
    {
        int asked = 0;
        Assert.True(_changes.WaitUntil(() => ++asked == 3, Eventually.Limit));
        Assert.Equal(3, asked);
        Assert.False(_changes.WaitUntil(() => false, TimeSpan.Zero));
    }

    [Fact]
    public void Interfaces_that_are_not_there_are_errors()
    {
        // Without the right to rename, the kernel says that first.
        int errno = Assert.Throws<VfioException>(() => _changes.RenameInterface("vfio-no-such", "vfio-none")).Errno;
        Assert.Contains(errno, (int[])[Errno.ENODEV, Errno.EPERM]);
        Assert.Equal(Errno.ENODEV, Assert.Throws<VfioException>(() => _changes.SwitchOnInterface("vfio-no-such")).Errno);
    }
}
