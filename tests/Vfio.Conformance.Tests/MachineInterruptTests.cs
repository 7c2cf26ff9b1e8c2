namespace Vfio.Conformance.Tests;

/// <summary>Every interrupt type of each device of the machine, on every backend of the kernel.</summary>
[Trait("Backend", "kernel")]
public sealed class MachineInterruptTests(BoundDevices devices) : MachineTests(devices)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly string[] Addresses =
    [
        MachineDevice.Bochs,
        MachineDevice.Edu,
        MachineDevice.TestDevice,
        MachineDevice.Ivshmem,
        MachineDevice.Nvme,
        MachineDevice.VirtioNet,
        MachineDevice.E1000e,
        MachineDevice.Igb,
    ];

    public static MatrixTheoryData<string, VfioBackend> EachOnEach => new(Addresses, MachineDevice.Backends);

    public static MatrixTheoryData<string, VfioBackend> EachOnOthers => new(Addresses, MachineDevice.OtherBackends);

    [Theory]
    [Trait("Soak", "yes")]
    [MemberData(nameof(EachOnOthers))]
    public void Each_vector_of_each_kind_counts_its_own_signals_on_the_other_backends(
        string address, VfioBackend backend) =>
        Each_vector_of_each_kind_counts_its_own_signals(address, backend);

    [Theory]
    [MemberData(nameof(EachOnEach))]
    public void Each_vector_of_each_kind_counts_its_own_signals(string address, VfioBackend backend)
    {
        MachineDevice machine = new(address, Devices);
        using VfioDevice device = machine.Open(backend);
        List<string> seen = [];
        foreach (IrqIndex index in Enum.GetValues<IrqIndex>())
        {
            IrqInfo info = device.Interrupts.GetInfo(index);
            if (info.Count == 0)
            {
                Assert.Throws<NotSupportedException>(() => device.Interrupts.Enable(index));
                continue;
            }

            IReadOnlyList<InterruptVector> vectors = device.Interrupts.EnableRange(index, 0, info.Count);
            for (int i = 0; i < vectors.Count; i++)
            {
                for (int times = 0; times <= i % 3; times++)
                {
                    vectors[i].Trigger();
                }
            }

            Assert.Equal(
                Enumerable.Range(0, vectors.Count).Select(i => (ulong)(i % 3) + 1),
                vectors.Select(vector => vector.ReadAndClear()));
            foreach (InterruptVector vector in vectors)
            {
                vector.Dispose();
            }

            seen.Add($"{index} {info.Count}");
        }

        TestContext.Current.SendDiagnosticMessage(
            "{0} through {1}: {2}", address, device.BackendName, string.Join(", ", seen));
        Assert.Contains("Request 1", seen);
    }

    [Fact]
    public void Vectors_come_and_go_while_others_live()
    {
        MachineDevice machine = new(MachineDevice.Igb, Devices);
        using VfioDevice device = machine.Open(VfioBackend.Automatic);
        IrqInfo info = device.Interrupts.GetInfo(IrqIndex.Msix);
        using InterruptVector stays = device.Interrupts.Enable(IrqIndex.Msix, 1);
        int number = stays.GetHostNumber();
        for (int round = 0; round < 20; round++)
        {
            stays.Trigger();
            using InterruptVector last = device.Interrupts.Enable(IrqIndex.Msix, info.Count - 1);
            stays.Trigger();
            last.Trigger();
            Assert.Equal(1u, last.Wait(Patience));
            last.Dispose();
            stays.Trigger();
        }

        // The vector that stayed was not affected: it has the same interrupt number of the host, and every signal was
        // counted.
        Assert.Equal((60u, number), (stays.ReadAndClear(), stays.GetHostNumber()));
    }

    [Fact]
    public void A_vector_is_delivered_to_the_chosen_processor()
    {
        MachineDevice machine = new(MachineDevice.Igb, Devices);
        using VfioDevice device = machine.Open(VfioBackend.Automatic);
        IReadOnlyList<InterruptVector> vectors = device.Interrupts.EnableRange(IrqIndex.Msix, 0, 3);
        Assert.Equal(3, vectors.Select(vector => vector.GetHostNumber()).Distinct().Count());
        int last = Environment.ProcessorCount - 1;
        vectors[0].SetAffinity(last);
        vectors[1].SetAffinity(0);
        vectors[2].SetAffinity(0, last);
        Assert.Equal([last], vectors[0].GetAffinity());
        Assert.Equal([0], vectors[1].GetAffinity());
        Assert.Equal(new[] { 0, last }.Distinct(), vectors[2].GetAffinity());
        Assert.Throws<ArgumentException>(() => vectors[0].SetAffinity());
        Assert.Throws<ArgumentException>(() => vectors[0].SetAffinity(-1));
        VfioException refusal = Assert.Throws<VfioException>(() => vectors[0].SetAffinity(4095));
        Assert.Contains("smp_affinity_list", refusal.Message, StringComparison.Ordinal);
        using InterruptVector request = device.Interrupts.Enable(IrqIndex.Request);
        Assert.Throws<NotSupportedException>(() => request.GetHostNumber());
    }
}
