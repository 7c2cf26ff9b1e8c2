using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>
/// Interrupts that the device itself sends, of each interrupt type it has, with the registers of the 82574, the 82576
/// and NVMe that raise them.
/// </summary>
[Trait("Backend", "kernel")]
public sealed class DeviceRaisesTests(BoundDevices devices) : MachineTests(devices)
{
    private const ulong Icr = 0xc0, Ics = 0xc8, Ims = 0xd0; // both NICs: interrupt causes, set causes, set the mask
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly IrqIndex[] Kinds = [IrqIndex.Intx, IrqIndex.Msi, IrqIndex.Msix];

    public static MatrixTheoryData<IrqIndex, VfioBackend> EachOnEach => new(Kinds, MachineDevice.Backends);

    public static MatrixTheoryData<IrqIndex, VfioBackend> EachOnOthers => new(Kinds, MachineDevice.OtherBackends);

    [Theory]
    [Trait("Soak", "yes")]
    [MemberData(nameof(EachOnOthers))]
    public void Each_raises_on_the_other_backends(IrqIndex index, VfioBackend backend)
    {
        An_e1000e_raises(index, backend);
        An_nvme_raises(index, backend);
        An_igb_raises(index, backend);
    }

    // Intel 82574 datasheet, 10.2.2.2: STATUS; 10.2.4: ICR, ICS, IMS, IMC, IVAR.
    [Theory]
    [MemberData(nameof(EachOnEach))]
    public void An_e1000e_raises(IrqIndex index, VfioBackend backend)
    {
        const ulong Status = 0x8, Imc = 0xd8, Ivar = 0xe4;
        const uint LinkUp = 1 << 1;
        const int FirstQueueCause = 20; // RxQ0, RxQ1, TxQ0, TxQ1, other: one of five vectors each
        MachineDevice machine = new(MachineDevice.E1000e, Devices);
        using VfioDevice device = machine.Open(backend);
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        device.SetBusMaster(true);
        // Opening makes the PHY negotiate for half a second, and the link change that follows is another interrupt.
        Assert.True(SpinWait.SpinUntil(() => (bar0.ReadUInt32(Status) & LinkUp) != 0, Patience));
        // The only reset of this device in QEMU, by pm, keeps the previous interrupt causes; bits that are written as
        // one are cleared.
        bar0.WriteUInt32(Imc, uint.MaxValue);
        bar0.WriteUInt32(Icr, uint.MaxValue);
        if (index == IrqIndex.Msix)
        {
            IReadOnlyList<InterruptVector> vectors = device.Interrupts.EnableRange(index, 0, 5);
            Drain(vectors);
            bar0.WriteUInt32(Ivar, 0x000cba98); // vector i for cause i, each valid
            bar0.WriteUInt32(Ims, 0x1f << FirstQueueCause);
            RaiseEach(vectors, i => bar0.WriteUInt32(Ics, 1u << (FirstQueueCause + i)));
            return;
        }

        RaiseOne(device, index, bar0);
    }

    // Intel 82576 datasheet, 8.8: ICR, ICS and IMS for any one interrupt, whose causes are one cause of EIMS, "other";
    // EICS and EIMS for each MSI-X vector with GPIE.
    // QEMU implements the first three only at their alternative addresses (0x1500 and following).
    [Theory]
    [MemberData(nameof(EachOnEach))]
    public void An_igb_raises(IrqIndex index, VfioBackend backend)
    {
        const ulong Gpie = 0x1514, Eics = 0x1520, Eims = 0x1524;
        const uint Other = 1u << 31, MultipleMsix = 1 << 4;
        MachineDevice machine = new(MachineDevice.Igb, Devices);
        using VfioDevice device = machine.Open(backend);
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        device.SetBusMaster(true);
        if (index == IrqIndex.Msix)
        {
            IReadOnlyList<InterruptVector> vectors = device.Interrupts.EnableRange(index, 0, 10);
            bar0.WriteUInt32(Gpie, MultipleMsix);
            bar0.WriteUInt32(Eims, 0x3ff);
            RaiseEach(vectors, i => bar0.WriteUInt32(Eics, 1u << i));
            return;
        }

        bar0.WriteUInt32(Eims, Other);
        RaiseOne(device, index, bar0);
    }

    // NVM Express Base Specification 2.0, 3.1.3 (registers), 3.5.1 (initialisation): any command, even an unknown one,
    // is completed.
    [Theory]
    [MemberData(nameof(EachOnEach))]
    public void An_nvme_raises(IrqIndex index, VfioBackend backend)
    {
        const ulong Configuration = 0x14,
            Status = 0x1c,
            AdminAttributes = 0x24,
            AdminSubmission = 0x28,
            AdminCompletion = 0x30,
            Doorbell = 0x1000,
            HeadDoorbell = 0x1004;
        const uint Ready = 1;
        MachineDevice machine = new(MachineDevice.Nvme, Devices);
        using VfioDevice device = machine.Open(backend);
        if (device.Interrupts.GetInfo(index).Count == 0)
        {
            Assert.NotEqual(IrqIndex.Msix, index); // QEMU's has INTx and MSI-X
            return;
        }

        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        using DmaBuffer submission = device.AddressSpace.Allocate(4096);
        using DmaBuffer completion = device.AddressSpace.Allocate(4096);
        using InterruptVector vector = device.Interrupts.Enable(index);
        device.SetBusMaster(true);
        bar0.WriteUInt32(Configuration, 0);
        Assert.True(SpinWait.SpinUntil(() => (bar0.ReadUInt32(Status) & Ready) == 0, Patience));
        bar0.WriteUInt32(AdminAttributes, (3 << 16) | 3);
        bar0.WriteUInt64(AdminSubmission, submission.Iova.Value);
        bar0.WriteUInt64(AdminCompletion, completion.Iova.Value);
        bar0.WriteUInt32(Configuration, (4 << 20) | (6 << 16) | 1);
        Assert.True(SpinWait.SpinUntil(() => (bar0.ReadUInt32(Status) & Ready) != 0, Patience));
        for (uint command = 1; command <= 3; command++)
        {
            submission.Span[(int)(64 * (command - 1))] = 0xff; // an opcode that no specification defines
            bar0.WriteUInt32(Doorbell, command);
            Assert.Equal(1u, vector.Wait(Patience));
            bar0.WriteUInt32(HeadDoorbell, command);
            if (vector.IsMaskable)
            {
                vector.Unmask();
            }
        }
    }

    // An interrupt that throttling held back until an earlier program had closed the device stays pending in the
    // device. No reset clears it, and it arrives when the vector is enabled again.
    private static void Drain(IReadOnlyList<InterruptVector> vectors) => Assert.True(
        SpinWait.SpinUntil(
            () =>
            {
                Thread.Sleep(50);
                return vectors.All(vector => vector.ReadAndClear() == 0);
            },
            Patience),
        "interrupts come though nothing raises them");

    private static void RaiseEach(IReadOnlyList<InterruptVector> vectors, Action<int> raise)
    {
        for (int i = 0; i < vectors.Count; i++)
        {
            raise(i);
            Assert.NotEqual(0u, vectors[i].Wait(Patience));
            Assert.All(vectors.Skip(i + 1), later => Assert.Equal(0u, later.ReadAndClear()));
        }
    }

    // A NIC interrupts when its link changes.
    private static void RaiseOne(VfioDevice device, IrqIndex index, Region bar0)
    {
        const uint LinkChange = 1 << 2;
        using InterruptVector vector = device.Interrupts.Enable(index);
        bar0.WriteUInt32(Ims, LinkChange);
        for (int round = 0; round < 3; round++)
        {
            bar0.WriteUInt32(Ics, LinkChange);
            Assert.NotEqual(0u, vector.Wait(Patience));
            Assert.NotEqual(0u, bar0.ReadUInt32(Icr) & LinkChange); // reading clears
            if (vector.IsMaskable)
            {
                vector.Unmask();
            }
        }
    }
}
