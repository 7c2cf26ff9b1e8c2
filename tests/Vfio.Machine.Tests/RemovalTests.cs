using System.Diagnostics;
using Vfio.Pci;

namespace Vfio.Machine.Tests;

/// <summary>A device that is unplugged while a program uses it, and programs that close it, or do not.</summary>
public sealed class RemovalTests : HostTest
{
    private static readonly TimeSpan Patience = Machine.Patience;

    [Theory]
    [InlineData("reads registers", "watch", Plugged.Address, "bar0+4", "--interval", "1")]
    [InlineData("waits for interrupts", "irq", Plugged.Address, "--bus-master")]
    [InlineData("has memory mapped for DMA", "shell", Plugged.Address, "{script}")]
    public async Task A_program_that_is_asked_closes_the_device_says_so_and_ends_with_1(
        string what, params string[] arguments)
    {
        using Plugged edu = new("edu");
        Machine.Vfio("bind", Plugged.Address).Succeeded();
        string script = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            script, "alloc 4096\nread bar0+0\nwait bar0+0x24 0x1 1 300s\n", TestContext.Current.CancellationToken);
        using Process program = Machine.Start(
            Machine.Tool,
            [.. arguments.Select(argument => argument.Replace("{script}", script, StringComparison.Ordinal))]);
        Task<string> errors = program.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        // it is running
        Assert.NotNull(await program.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        Plugged.Pull();
        Assert.True(program.WaitForExit(Patience), $"a program that {what} did not end");
        Assert.Equal(1, program.ExitCode);
        string told = await errors;
        Assert.Contains($"keep on {Plugged.Address}: the kernel requests the device", told, StringComparison.Ordinal);
        Assert.Contains("hint: it is being unplugged", told, StringComparison.Ordinal);
        Plugged.WaitUntilGone();
        Assert.Contains(
            "no longer exists; its journal entry was removed",
            Machine.Vfio("release", "--all").Succeeded(),
            StringComparison.Ordinal);
        File.Delete(script);
    }

    [Fact]
    public void A_program_that_ignores_the_request_keeps_the_device_and_no_command_hangs()
    {
        using Plugged edu = new("edu");
        Machine.Vfio("bind", Plugged.Address).Succeeded();
        using (Holder holder = new(Plugged.Address))
        {
            int told = Holder.CountRequests();
            Plugged.Pull();
            // From then on the kernel waits for it, while it holds the device's lock.
            Assert.True(Machine.Becomes(() => Holder.CountRequests() > told), Machine.Do("dmesg | tail"));
            Assert.True(Plugged.IsThere);
            Assert.Contains(Plugged.Address, Machine.Vfio("list").Succeeded(), StringComparison.Ordinal);
            Assert.Contains(
                $"pid {holder.Id}", Machine.Vfio("show", Plugged.Address).Succeeded(), StringComparison.Ordinal);
            Assert.Contains($"{holder.Id}", Machine.Vfio("status").Succeeded(), StringComparison.Ordinal);
            Machine.Vfio("read", Plugged.Address, "bar0").FailedWith(1, "EBUSY", $"pid {holder.Id}");
            Machine.Vfio("release", Plugged.Address).FailedWith(3, $"pid {holder.Id} (readbar0, user root)", "");
            holder.LetGo();
            Plugged.WaitUntilGone();
        }

        Machine.Vfio("release", "--all").Succeeded();
    }

    [Fact]
    public void A_release_names_the_holder_waits_up_to_the_timeout_and_continues_when_the_device_is_free()
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        using Holder holder = new(Machine.Edu);
        Stopwatch time = Stopwatch.StartNew();
        using (Process patient = Machine.Start(Machine.Tool, "release", "--timeout", "3", Machine.Edu))
        {
            string? first = patient.StandardError.ReadLine();
            TestContext.Current.SendDiagnosticMessage("the holder was named after {0} ms", time.ElapsedMilliseconds);
            Assert.Equal(
                $"vfio: waiting up to 3 s for pid {holder.Id} (readbar0, user root) to close {Machine.Edu}", first);
            Assert.True(patient.WaitForExit(Patience));
            Assert.Equal(3, patient.ExitCode);
            Assert.Contains(
                $"still in use by pid {holder.Id}", patient.StandardError.ReadToEnd(), StringComparison.Ordinal);
            Assert.True(time.Elapsed >= TimeSpan.FromSeconds(3));
        }

        using (Process patient = Machine.Start(Machine.Tool, "release", "--timeout", "300", Machine.Edu))
        {
            Assert.NotNull(patient.StandardError.ReadLine());
            holder.LetGo();
            Assert.True(patient.WaitForExit(Patience));
            Assert.Equal(0, patient.ExitCode);
        }

        AssertHostUntouched();
    }

    [Fact]
    public void A_forced_release_has_the_kernel_ask_a_program_that_listens()
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        using Process listener = Machine.Start(Machine.Tool, "irq", Machine.Edu);
        Assert.NotNull(listener.StandardOutput.ReadLine());
        Machine.Vfio("release", "--force", "--timeout", "170", Machine.Edu).Succeeded();
        Assert.True(listener.WaitForExit(Patience));
        Assert.Equal(1, listener.ExitCode);
        AssertHostUntouched();
    }

    [Fact]
    public void A_waiting_release_that_is_stopped_changes_nothing()
    {
        Machine.Vfio("bind", Machine.Edu).Succeeded();
        using Holder holder = new(Machine.Edu);
        using (Process patient = Machine.Start(Machine.Tool, "release", "--timeout", "300", Machine.Edu))
        {
            Assert.NotNull(patient.StandardError.ReadLine());
            Machine.Do($"kill -TERM {patient.Id}");
            Assert.True(patient.WaitForExit(Patience));
            Assert.Equal(128 + 15, patient.ExitCode);
        }

        Assert.Equal("vfio-pci", Machine.Device(Machine.Edu).Driver);
        holder.LetGo();
        Machine.Vfio("release", Machine.Edu).Succeeded();
    }

    [Theory]
    [InlineData("POISON_TLP")]
    [InlineData("MALF_TLP")]
    public void A_bus_error_is_reported(string error)
    {
        using Plugged nic = new("virtio-net-pci", "aer=true", "disable-legacy=on");
        Machine.Vfio("bind", Plugged.Address).Succeeded();
        using (VfioDevice device = VfioDevice.Open(PciAddress.Parse(Plugged.Address)))
        {
            using InterruptVector errors = device.Interrupts.Enable(IrqIndex.Error);
            using Region config = device.OpenRegion(RegionIndex.Config);
            Assert.Equal(0x1af4, config.ReadUInt16(0));
            Plugged.InjectError(error);
            Assert.NotEqual(0u, errors.Wait(Patience));
            TestContext.Current.SendDiagnosticMessage("{0}: vendor id {1:x}", error, config.ReadUInt16(0));
            Assert.Equal(0x1af4, config.ReadUInt16(0));
        }

        Machine.Vfio("release", "--all").Succeeded();
    }

    [Fact]
    public void Bus_errors_are_counted_by_the_tool()
    {
        using Plugged nic = new("virtio-net-pci", "aer=true", "disable-legacy=on");
        Machine.Vfio("bind", Plugged.Address).Succeeded();
        using (Process counter = Machine.Start(Machine.Tool, "irq", Plugged.Address, "-n", "1", "--timeout", "170"))
        {
            Assert.NotNull(counter.StandardOutput.ReadLine());
            Plugged.InjectError("POISON_TLP");
            Assert.Matches(@"^\d\d:\d\d:\d\d\.\d{3} error +\+1 ", counter.StandardOutput.ReadLine());
            Assert.True(counter.WaitForExit(Patience));
            Assert.Equal(0, counter.ExitCode);
        }

        Machine.Vfio("release", "--all").Succeeded();
    }
}
