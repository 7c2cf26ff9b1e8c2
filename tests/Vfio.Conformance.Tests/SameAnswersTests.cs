using Vfio.Emulation;

namespace Vfio.Conformance.Tests;

/// <summary>
/// Compares the device model of edu with QEMU's edu: performs a generated sequence of accesses and transfers on both,
/// and compares each answer, and the memory after each transfer.
/// </summary>
[Trait("Backend", "kernel")]
public sealed class SameAnswersTests(BoundDevices devices) : MachineTests(devices)
{
    private const int AccessesToATransfer = 250; // each takes 100 ms
    private const int Seed = 1;

    // The minimum covers all states that EduPair.Reopen alternates between.
    private static readonly int Accesses = Soak.IsOn ? 100_000 : 4 * EduPair.AccessesToAnOpening;

    [Fact]
    public void The_model_and_QEMUs_edu_give_the_same_answers()
    {
        using KernelEdu kernel = new(VfioBackend.Automatic, Devices);
        using EduModel model = new();
        using EduPair pair = new(model, kernel);
        Random random = new(Seed);
        pair.Reopen(random);
        for (int i = 0; i < Accesses; i++)
        {
            if (i % AccessesToATransfer == 0)
            {
                pair.Transfer(random, i);
            }
            else
            {
                pair.Step(random, i);
            }
        }

        Assert.InRange(pair.Failures, 1, Accesses / 4);
        Assert.InRange(pair.BytesMoved, Accesses, int.MaxValue);
        Assert.InRange(pair.Interrupts, (ulong)Accesses / 100, ulong.MaxValue);
        TestContext.Current.SendDiagnosticMessage(
            "{0} failures, {1} bytes, {2} interrupts", pair.Failures, pair.BytesMoved, pair.Interrupts);
    }
}
