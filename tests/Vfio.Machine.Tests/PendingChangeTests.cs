using System.Diagnostics;

namespace Vfio.Machine.Tests;

/// <summary>
/// Changes that the kernel does not complete, because a program holds the device in a place that cannot be seen, or
/// because another program's change hangs.
/// </summary>
public sealed class PendingChangeTests : HostTest
{
    private const int SIGTERM = 15;

    [Fact]
    public async Task A_release_waits_for_a_program_that_has_the_device_mapped_and_everything_else_still_works()
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        using Holder holder = new(Machine.Edu, onlyMaps: true);
        Assert.Contains(
            $"possibly pid {holder.Id} (readbar0, user root)",
            Machine.Vfio("status", Machine.Edu).Succeeded(),
            StringComparison.Ordinal);

        using Process release = Machine.Start(Machine.Tool, "release", "--timeout", "3600", Machine.Edu);
        Assert.Equal(
            $"vfio: {Machine.Edu}: the kernel waits, perhaps for pid {holder.Id} (readbar0, user "
            + $"root) to close the device",
            await ReadErrorAsync(release));

        // Meanwhile.
        Machine.Vfio("bind", Machine.TestDevice).Succeeded();
        Machine.Vfio("release", Machine.TestDevice).Succeeded();
        Machine.Vfio("list").Succeeded();
        Machine.Vfio("status").Succeeded();
        Machine.Vfio("doctor", Machine.TestDevice);

        // Another command for the same device waits for the first one, until it is stopped.
        using (Process second = Machine.Start(Machine.Tool, "release", Machine.Edu))
        {
            Thread.Sleep(500); // it may also be stopped before it waits
            Machine.Do($"kill -{SIGTERM} {second.Id}");
            AssertEnded(second, 128 + SIGTERM);
            Assert.Contains(
                "nothing was changed",
                await second.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken),
                StringComparison.Ordinal);
        }

        Machine.Do($"kill -{SIGTERM} {release.Id}");
        AssertEnded(release, 128 + SIGTERM);
        string told = await release.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Contains("is blocked in the write", told, StringComparison.Ordinal);
        Assert.Contains(
            $"hint: end the program that holds the device, then run: vfio release {Machine.Edu}",
            told,
            StringComparison.Ordinal);

        // The kernel still waits, and so does the child.
        string status = Machine.Vfio("status", Machine.Edu).Succeeded();
        Assert.Contains("unfinished change: process", status, StringComparison.Ordinal);
        Machine.Vfio("bind", Machine.Edu)
            .FailedWith(1, "the kernel has not completed an earlier change of it", $"vfio release {Machine.Edu}");
        Machine.Vfio("release", Machine.Edu)
            .FailedWith(1, "the kernel has not completed an earlier change of it", $"vfio release {Machine.Edu}");
        Machine.Vfio("run", Machine.Edu, "--", "true").Failed("the kernel has not completed");
        Machine.Vfio("bind", "--dry-run", Machine.Edu).Succeeded();
        Machine.Vfio("doctor", Machine.Edu).Failed("not completed");

        holder.LetGo();
        Assert.Contains("released", Machine.Vfio("release", Machine.Edu).Succeeded(), StringComparison.Ordinal);
        AssertHostUntouched();
    }

    [Fact]
    public void A_holder_is_recognized_by_its_open_file_whatever_its_name()
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        string node = $"/dev/vfio/{Machine.Group(Machine.Edu)}";
        // A file with that name, which any user can create in their own mount namespace, holds nothing.
        using (Process fake = Machine.Start(
            "unshare",
            "-m",
            "sh",
            "-c",
            $"mount -t tmpfs none /dev/vfio && : > {node} && exec 3< {node} && echo ready && read line"))
        {
            Assert.Equal("ready", fake.StandardOutput.ReadLine());
            Machine.Vfio("release", Machine.Edu).Succeeded();
            fake.StandardInput.Close();
            Assert.True(fake.WaitForExit(Machine.Patience));
        }

        Machine.Vfio("bind", Machine.Edu).Succeeded();
        using (Process real = Machine.Start(
            "sh",
            "-c",
            $"mknod /tmp/other c 0x$(stat -c %t {node}) 0x$(stat -c %T {node}) && exec 3<> /tmp/other && rm /tmp/other "
            + $"&& echo ready && read line"))
        {
            Assert.Equal("ready", real.StandardOutput.ReadLine());
            Machine.Vfio("release", Machine.Edu)
                .FailedWith(3, $"it is still in use by pid {real.Id} (sh, user root)", "end that program first");
            real.StandardInput.Close();
            Assert.True(real.WaitForExit(Machine.Patience));
        }

        Machine.Vfio("release", Machine.Edu).Succeeded();
        AssertHostUntouched();
    }

    [Fact]
    public void With_a_timeout_a_release_waits_for_an_earlier_change()
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        using Holder holder = new(Machine.Edu);
        Machine.Vfio("release", "--force", Machine.Edu)
            .FailedWith(
                1,
                $"the kernel waits for pid {holder.Id} (readbar0, user root) to close the device",
                $"vfio release {Machine.Edu}");
        using Process release = Machine.Start(Machine.Tool, "release", "--timeout", "600", Machine.Edu);
        Thread.Sleep(500);
        holder.LetGo();
        AssertEnded(release, 0);
        AssertHostUntouched();
    }

    [Fact]
    public void A_hanging_unbind_of_another_program_blocks_no_other_command()
    {
        Machine.Vfio("bind", Machine.Nic).Succeeded();
        using (Holder holder = new(Machine.Nic))
        {
            int asked = Holder.CountRequests();
            using Process other = Machine.Start(
                "/bin/sh", "-c", $"echo {Machine.Nic} > /sys/bus/pci/drivers/vfio-pci/unbind");
            Assert.True(Machine.Becomes(() => Holder.CountRequests() > asked), Machine.Do("dmesg | tail"));
            Machine.Vfio("list").Succeeded();
            Machine.Vfio("status").Succeeded();
            Machine.Vfio("show", Machine.Nic).Succeeded();
            Machine.Vfio("doctor", Machine.Nic).Failed($"{holder.Id}");
            Machine.Vfio("bind", Machine.Edu).Succeeded();
            Machine.Vfio("release", Machine.Edu).Succeeded();
            Machine.Vfio("bind", Machine.Nic)
                .FailedWith(3, "another program is still unbinding it from vfio-pci", "ps -eo");
            Machine.Vfio("release", Machine.Nic).FailedWith(3, $"pid {holder.Id}", "end that program first");

            holder.LetGo();
            Assert.True(other.WaitForExit(Machine.Patience));
        }

        Machine.Vfio("release", Machine.Nic).Succeeded();
        AssertHostUntouched();
    }

    private static Task<string?> ReadErrorAsync(Process process) =>
        process.StandardError
            .ReadLineAsync(TestContext.Current.CancellationToken)
            .AsTask()
            .WaitAsync(Machine.Patience, TestContext.Current.CancellationToken);

    private static void AssertEnded(Process process, int code)
    {
        Assert.True(process.WaitForExit(Machine.Patience));
        Assert.Equal(code, process.ExitCode);
    }
}
