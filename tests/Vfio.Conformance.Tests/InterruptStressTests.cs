using Vfio.Emulation;
using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>
/// A million triggers together with everything else that can happen to interrupts, on a device model.
/// </summary>
[Trait("Backend", "in-process")]
public sealed class InProcessInterruptStressTests
{
    private const int Triggers = 1_000_000;

    [Theory]
    [InlineData(IrqIndex.Intx, 1)]
    [InlineData(IrqIndex.Msi, 8)]
    [InlineData(IrqIndex.Msix, 16)]
    public void Every_trigger_is_counted_once(IrqIndex index, int vectors)
    {
        using VectorModel model = new();
        using VfioDevice device = model.Open();
        device.SetBusMaster(true);
        using InterruptStress stress = new(device, index, vectors);
        stress.Run(Triggers, seed: vectors);
        TestContext.Current.SendDiagnosticMessage(
            "{0}: {1} waits cancelled, {2} changes", index, stress.Cancelled, stress.Changes);
        Assert.NotEqual(0, stress.Cancelled);
        Assert.NotEqual(0, stress.Changes);
    }

    private sealed class VectorModel : DeviceModel
    {
        public VectorModel()
            : base("vectors", new PciIdentity(0xabcd, 0x0001) { InterruptPin = 1 })
        {
            AddBar(RegionIndex.Bar0, 0x1000, static (_, _) => 0, static (_, _, _) => { });
            AddCapability(new Emulation.MsiCapability(8));
            AddCapability(new Emulation.MsixCapability(16, RegionIndex.Bar0, 0, 0x800));
        }
    }
}

/// <summary>The same on the devices of the machine: the kernel triggers.</summary>
[Trait("Backend", "kernel")]
public sealed class KernelInterruptStressTests(BoundDevices devices) : MachineTests(devices)
{
    [Theory]
    [InlineData(MachineDevice.Igb, IrqIndex.Msix, 10, 100_000, 1_000_000)]
    [InlineData(MachineDevice.Edu, IrqIndex.Intx, 1, 20_000, 100_000)]
    [InlineData(MachineDevice.Edu, IrqIndex.Msi, 1, 20_000, 100_000)]
    [InlineData(MachineDevice.E1000e, IrqIndex.Msix, 5, 20_000, 100_000)]
    public void Every_trigger_is_counted_once(string address, IrqIndex index, int vectors, int triggers, int inSoak)
    {
        MachineDevice machine = new(address, Devices);
        using VfioDevice device = machine.Open(VfioBackend.Automatic);
        using InterruptStress stress = new(device, index, vectors);
        stress.Run(Soak.IsOn ? inSoak : triggers, seed: vectors);
        TestContext.Current.SendDiagnosticMessage(
            "{0}: {1} waits cancelled, {2} changes", index, stress.Cancelled, stress.Changes);
        Assert.NotEqual(0, stress.Cancelled);
        Assert.NotEqual(0, stress.Changes);
    }
}
