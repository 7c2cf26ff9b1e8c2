using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Vfio.Host;

namespace Vfio.Tests;

/// <summary>The real changes of a host, on files of the test.</summary>
public sealed class HostChangesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("vfio-changes-");
    private readonly HostChanges _changes = new(helper: null);

    public void Dispose()
    {
        _changes.EndWriter();
        _folder.Delete(recursive: true);
    }

    private static AttributeWait Long => new(Eventually.Limit);

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
    public void A_partial_write_is_an_error()
    {
        // A non-blocking pipe accepts only as much as it has space for.
        using SafeFileHandle pipe = Libc.Open(NewPipe(), Libc.O_RDWR | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
        Assert.Equal(0, WholeWrite.Write(pipe, new byte[16]));
        Assert.Equal(Errno.ENOSPC, WholeWrite.Write(pipe, new byte[1 << 20]));
    }

    [Theory]
    [InlineData("0000:00:14.3")]
    [InlineData("a b")]
    [InlineData("$(touch x)")]
    [InlineData("`id`")]
    [InlineData("%s%n\\n")]
    [InlineData("'\";|&")]
    [InlineData("-n")]
    public void A_write_contains_exactly_the_value(string value)
    {
        string path = Path.Combine(_folder.FullName, "a '$(x)' \"`");
        File.WriteAllText(path, "");
        Assert.True(_changes.Write(path, value, Long));
        Assert.Equal(value, File.ReadAllText(path));
        Assert.Equal(value, _changes.Read(path));
    }

    [Fact]
    public void No_override_is_written_as_a_line_end()
    {
        string path = NewFile("vfio-pci");
        Assert.True(_changes.Write(path, "\n", Long));
        Assert.Equal("\n", File.ReadAllText(path));
    }

    [Fact]
    public void An_attribute_is_read_and_a_missing_one_is_null()
    {
        Assert.Equal("vfio-pci", _changes.Read(NewFile("vfio-pci\n")));
        Assert.Equal("", _changes.Read(NewFile("\n")));
        Assert.Null(_changes.Read(Path.Combine(_folder.FullName, "absent")));
        Assert.Null(_changes.Read(_folder.FullName));
    }

    [Fact]
    public void A_write_that_fails_is_an_error_and_the_next_one_works()
    {
        VfioException failure = Assert.Throws<VfioException>(() => _changes.Write(_folder.FullName, "x", Long));
        Assert.Equal(("write", _folder.FullName), (failure.Operation, failure.Subject));
        Assert.Contains("directory", failure.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Throws<VfioException>(() => _changes.Write("/dev/full", "x", Long));
        Assert.True(_changes.Write(NewFile(), "x", Long));
    }

    [Fact]
    public void What_is_written_has_one_line() =>
        Assert.Throws<VfioException>(() => _changes.Write(NewFile(), "a\nb", Long));

    [Fact]
    public void A_child_that_has_to_wait_is_left_behind_and_ends_when_it_can()
    {
        // A pipe without a reader blocks its writer, as the kernel's unbind does.
        string pipe = NewPipe();
        ProcessIdentity child = _changes.StartWriter();
        bool wasSlow = false;
        Assert.False(_changes.Write(
            pipe, "0000:00:14.3", new AttributeWait(TimeSpan.FromSeconds(0.2)) { Slow = () => wasSlow = true }));
        Assert.True(wasSlow);
        Assert.True(child.IsAlive(HostRoot.Default));
        string path = NewFile();
        Assert.True(_changes.Write(path, "by another child", Long));
        Assert.NotEqual(child, _changes.StartWriter());
        Assert.Equal("0000:00:14.3", File.ReadAllText(pipe));
        Eventually.Holds(() => !child.IsAlive(HostRoot.Default), "the child ends");
    }

    [Fact]
    public void A_wait_that_is_stopped_ends_with_the_first_look_for_that()
    {
        using CancellationTokenSource stop = new();
        string pipe = NewPipe();
        Assert.False(_changes.Write(pipe, "x", Long with { Stop = stop.Token, Slow = stop.Cancel }));
        Assert.Equal("x", File.ReadAllText(pipe));
    }

    [Fact]
    public void A_child_that_is_killed_between_two_writes_is_replaced()
    {
        ProcessIdentity child = _changes.StartWriter();
        using (Process process = Process.GetProcessById(child.Id))
        {
            process.Kill();
            Eventually.Holds(() => !child.IsAlive(HostRoot.Default), "the child ends");
        }

        Assert.NotEqual(child, _changes.StartWriter());
        string path = NewFile();
        Assert.True(_changes.Write(path, "y", Long));
        Assert.Equal("y", File.ReadAllText(path));
    }

    [Fact]
    public void A_child_that_is_killed_while_it_writes_is_an_error()
    {
        int child = _changes.StartWriter().Id;
        AttributeWait wait = Long with { Slow = () => Process.GetProcessById(child).Kill() };
        Assert.Contains(
            "ended",
            Assert.Throws<VfioException>(() => _changes.Write(NewPipe(), "x", wait)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_child_ends_with_the_writing()
    {
        ProcessIdentity child = _changes.StartWriter();
        _changes.EndWriter();
        Eventually.Holds(() => !child.IsAlive(HostRoot.Default), "the child ends");
    }

    [Fact]
    public void A_helper_that_does_not_answer_is_an_error()
    {
        Assert.Equal(
            "start", Assert.Throws<VfioException>(() => new HostChanges(["/bin/true"]).StartWriter()).Operation);
        Assert.Equal("start", Assert.Throws<VfioException>(
            () => new HostChanges([Path.Combine(_folder.FullName, "absent")]).StartWriter()).Operation);
    }

    [Fact]
    public void Access_to_a_missing_file_is_an_error()
    {
        VfioException failure = Assert.Throws<VfioException>(
            () => _changes.SetAccess(Path.Combine(_folder.FullName, "absent"), AccessList.Of(NewFile())!.With(7, 6)));
        Assert.Equal(("set the ACL of", Errno.ENOENT), (failure.Operation, failure.Errno));
    }

    [Fact]
    public void Another_users_file_is_an_error_with_a_hint()
    {
        Assert.SkipWhen(BindScenario.IsRoot, "root may say who opens any file");
        VfioException failure = Assert.Throws<VfioException>(
            () => _changes.SetAccess("/etc/passwd", AccessList.Of("/etc/passwd")!.With(7, 6)));
        Assert.Contains("root", failure.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Access_that_is_granted_and_revoked_leaves_no_trace()
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
        // Without the permission to rename, the kernel reports that first.
        int errno = Assert.Throws<VfioException>(() => _changes.RenameInterface("vfio-no-such", "vfio-none")).Errno;
        Assert.Contains(errno, (int[])[Errno.ENODEV, Errno.EPERM]);
        Assert.Equal(
            Errno.ENODEV, Assert.Throws<VfioException>(() => _changes.SwitchOnInterface("vfio-no-such")).Errno);
    }
}
