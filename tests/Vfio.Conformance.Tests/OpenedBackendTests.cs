namespace Vfio.Conformance.Tests;

/// <summary>
/// What depends on the backend that a device is opened with, for each backend of the kernel: its name, who else may
/// open it, memory, interrupts.
/// </summary>
[Trait("Backend", "kernel")]
public sealed class OpenedBackendTests(BoundDevices devices) : MachineTests(devices)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(VfioBackend.Automatic)]
    [InlineData(VfioBackend.Iommufd)]
    [InlineData(VfioBackend.Type1v2)]
    [InlineData(VfioBackend.Type1)]
    [InlineData(VfioBackend.CompatibleType1v2)]
    [InlineData(VfioBackend.CompatibleType1)]
    public void A_device_is_opened_once_and_has_registers_memory_and_interrupts(VfioBackend backend)
    {
        using KernelEdu edu = new(backend, Devices);
        using (VfioDevice device = edu.Open())
        {
            Assert.Equal((edu.Name, true), (device.BackendName, device.CanReset));
            Assert.Equal(Errno.EBUSY, Assert.Throws<VfioException>(edu.Open).Errno);
            using Region bar0 = EduDma.Prepare(device);
            Assert.Equal(0x010000edu, bar0.ReadUInt32(0));
            using DmaBuffer source = device.AddressSpace.Allocate(4096);
            using DmaBuffer target = device.AddressSpace.Allocate(4096);
            Random.Shared.NextBytes(source.Span);
            EduDma.ReadMemory(bar0, source.Iova, 4096);
            EduDma.WriteMemory(bar0, target.Iova, 4096);
            Assert.True(source.Span.SequenceEqual(target.Span));
            bar0.WriteUInt32(0x64, uint.MaxValue);
            using InterruptVector msi = device.Interrupts.Enable(IrqIndex.Msi);
            bar0.WriteUInt32(0x60, 1);
            Assert.Equal(1u, msi.Wait(Patience));
        }

        using VfioDevice again = edu.Open();
        Assert.Equal(edu.Name, again.BackendName);
    }
}
