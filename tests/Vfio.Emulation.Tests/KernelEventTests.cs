using Vfio.Pci;

namespace Vfio.Emulation.Tests;

/// <summary>
/// Events that the kernel reports for a device model, and MSI-X vectors that are enabled and disabled.
/// </summary>
public sealed class KernelEventTests
{
    [Fact]
    public void A_device_that_the_kernel_requests_is_signalled()
    {
        using TestModel model = new();
        model.Faults.RequestRelease(); // no driver has it open
        using VfioDevice device = model.Open();
        using InterruptVector request = device.Interrupts.Enable(IrqIndex.Request);
        Assert.Equal(0u, request.ReadAndClear());
        model.Faults.RequestRelease();
        Assert.Equal(1u, request.ReadAndClear());
        model.Faults.Remove();
        Assert.Equal(1u, request.ReadAndClear());
    }

    [Fact]
    public void A_bus_error_is_reported_if_there_is_PCI_Express()
    {
        using TestModel model = new();
        using VfioDevice device = model.Open();
        using InterruptVector error = device.Interrupts.Enable(IrqIndex.Error);
        model.Faults.ReportError();
        Assert.Equal(1u, error.ReadAndClear());
        using EduModel conventional = new();
        Assert.Throws<InvalidOperationException>(conventional.Faults.ReportError);
    }

    [Fact]
    public void Unused_vectors_are_masked_and_pending_signals_arrive_when_they_are_enabled()
    {
        using TestModel model = new();
        using VfioDevice device = model.Open();
        device.SetBusMaster(true);
        using InterruptVector fifth = device.Interrupts.Enable(IrqIndex.Msix, 5);
        model.Interrupts.Signal(2);
        model.Interrupts.Signal(5);
        Assert.Equal(1u, fifth.ReadAndClear());
        using InterruptVector second = device.Interrupts.Enable(IrqIndex.Msix, 2);
        Assert.Equal(1u, second.ReadAndClear()); // it was pending
        using InterruptVector sixtieth = device.Interrupts.Enable(IrqIndex.Msix, 60);
        model.Interrupts.Signal(60);
        model.Interrupts.Signal(5);
        Assert.Equal((1u, 1u, 0u), (sixtieth.ReadAndClear(), fifth.ReadAndClear(), second.ReadAndClear()));
        second.Dispose();
        model.Interrupts.Signal(2);
        using InterruptVector again = device.Interrupts.Enable(IrqIndex.Msix, 2);
        Assert.Equal(1u, again.ReadAndClear());
    }

    /// <summary>
    /// Compares random signals, masks, waits and changes of vectors with the specification in a few lines: PCI Express
    /// Base Specification 6.0, 6.1.4.
    /// </summary>
    [Fact]
    public void A_great_many_operations_count_as_the_specification_says()
    {
        int operations = Vfio.Tests.Soak.Times(200_000, 1_000_000);
        const int Vectors = 16;
        using TestModel model = new();
        using VfioDevice device = model.Open();
        device.SetBusMaster(true);
        using Region bar2 = device.OpenRegion(RegionIndex.Bar2, RegionAccess.Trapped);
        Random random = new(6);
        InterruptVector?[] enabled = new InterruptVector?[Vectors];
        bool[] isMasked = [.. Enumerable.Repeat(true, Vectors)];
        bool[] isPending = new bool[Vectors];
        ulong[] expected = new ulong[Vectors];
        // One vector stays enabled, so that MSI-X does.
        using InterruptVector always = device.Interrupts.Enable(IrqIndex.Msix, Vectors);
        ulong signals = 0;
        for (int i = 0; i < operations; i++)
        {
            int vector = random.Next(Vectors);
            switch (random.Next(20))
            {
                case < 12:
                    model.Interrupts.Signal(vector);
                    Arrive(vector);
                    break;
                case < 16 when enabled[vector] is not null:
                    isMasked[vector] = random.Next(2) == 0;
                    bar2.WriteUInt32(TestModel.TableOffset + ((ulong)vector * 16) + 12, isMasked[vector] ? 1u : 0);
                    Unmask(vector);
                    break;
                case < 19 when enabled[vector] is InterruptVector waiting:
                    Assert.Equal(
                        expected[vector], random.Next(2) == 0 ? waiting.ReadAndClear() : waiting.Wait(TimeSpan.Zero));
                    signals += expected[vector];
                    expected[vector] = 0;
                    break;
                case 19:
                    Toggle(vector);
                    break;
                default:
                    break;
            }
        }

        Assert.InRange(signals, (ulong)operations / 10, (ulong)operations);
        Assert.Equal(0u, always.ReadAndClear());

        void Arrive(int vector)
        {
            isPending[vector] |= isMasked[vector];
            expected[vector] += isMasked[vector] ? 0u : 1u;
        }

        void Unmask(int vector)
        {
            if (!isMasked[vector] && isPending[vector])
            {
                isPending[vector] = false;
                expected[vector]++;
            }
        }

        void Toggle(int vector)
        {
            if (enabled[vector] is InterruptVector gone)
            {
                Assert.Equal(expected[vector], gone.ReadAndClear());
                expected[vector] = 0;
                gone.Dispose();
                enabled[vector] = null;
                isMasked[vector] = true;
                return;
            }

            enabled[vector] = device.Interrupts.Enable(IrqIndex.Msix, vector);
            isMasked[vector] = false;
            Unmask(vector);
        }
    }
}
