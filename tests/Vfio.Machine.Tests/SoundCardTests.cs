using System.Diagnostics;

namespace Vfio.Machine.Tests;

/// <summary>
/// A sound card that a program has open: its driver waits for that program, as many drivers do. Debian's kernel has
/// such drivers.
/// </summary>
[Trait("Machine", "sound")]
public sealed class SoundCardTests : HostTest
{
    private const string Card = "0000:00:0a.0"; // the first of --device

    // Nothing in the machine loads modules by itself.
    public SoundCardTests()
    {
        Machine.Do("modprobe snd-hda-intel");
        Assert.True(
            Machine.Becomes(() => File.Exists("/dev/snd/controlC0")), Machine.Do("dmesg | tail -n 20; ls /dev/snd"));
    }

    [Fact]
    public async Task A_file_system_whose_server_has_stopped_does_not_stop_the_search()
    {
        string folder = Directory.CreateTempSubdirectory("stopped-").FullName;
        using StoppedFileSystem stopped = new(folder);
        using Process user = Machine.Start("sh", "-c", $"exec 3< {folder} && echo ready && read line");
        Assert.Equal("ready", await user.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        stopped.Stop();
        // The search is not at fault: a program that requests what the kernel does not have cached waits.
        using Process asks = Machine.Start("stat", folder);
        Machine.Vfio("doctor", Machine.Edu).Succeeded();
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        Machine.Vfio("status", Machine.Edu).Succeeded();
        Machine.Vfio("release", Machine.Edu).Succeeded();
        Assert.False(asks.HasExited);
    }

    [Fact]
    public async Task It_is_refused_and_by_force_it_does_not_block_other_commands()
    {
        string before = HostSnapshot.Take();
        string number = Machine.Do("stat -c '0x%t 0x%T' /dev/snd/controlC0").Trim();
        // Through its own node, in its own mount namespace.
        using Process holder = Machine.Start("unshare", "-m", "sh", "-c", $"mount -t tmpfs none /tmp && mknod "
            + $"/tmp/other c {number} && exec 3< /tmp/other && echo ready && read line");
        Assert.Equal("ready", await holder.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        string held = $"pid {holder.Id} (sh, user root) has /dev/snd/controlC0 open";
        Machine.Vfio("bind", Card).FailedWith(3, held, "--force");
        Machine.Vfio("doctor", Card).Failed(held);

        Machine.Vfio("bind", "--force", Card)
            .FailedWith(
                1, $"the kernel waits for pid {holder.Id} (sh, user root) to close the device", $"vfio release {Card}");
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        Machine.Vfio("release", Machine.Edu).Succeeded();
        Machine.Vfio("list").Succeeded();
        Assert.Contains("unfinished change", Machine.Vfio("status").Succeeded(), StringComparison.Ordinal);
        Machine.Vfio("doctor", Card).Failed("has not completed an earlier change");
        Machine.Vfio("release", Card).FailedWith(1, "has not completed an earlier change", $"vfio release {Card}");

        holder.StandardInput.Close();
        Assert.True(holder.WaitForExit(Machine.Patience));
        Machine.Vfio("release", "--timeout", "60", Card).Succeeded();
        Assert.True(Machine.Becomes(() => File.Exists("/dev/snd/controlC0")));
        Assert.Equal(before, HostSnapshot.Take());
    }
}
