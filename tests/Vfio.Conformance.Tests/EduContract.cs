using Vfio.Emulation;
using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>
/// The edu device as its specification describes it (QEMU documentation, "EDU device"), for the device model and for
/// QEMU's.
/// </summary>
public abstract class EduContract : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly EduBackend _backend;
    private readonly VfioDevice _device;
    private readonly Region _bar0;
    private readonly Region _config;

    protected EduContract(EduBackend backend)
    {
        _backend = backend;
        _device = backend.Open();
        _bar0 = _device.OpenRegion(RegionIndex.Bar0, RegionAccess.Trapped);
        _config = _device.OpenRegion(RegionIndex.Config);
        // No driver handles the interrupt line here, so it must not be raised.
        _config.WriteUInt16(4, 0x0402);
        WaitUntil(() => !_bar0.Read(EduRegisters.Status).IsComputing && !_bar0.Read(EduRegisters.DmaCommand).Start);
        _bar0.Write(EduRegisters.InterruptAcknowledge, new EduInterrupts(uint.MaxValue));
        _bar0.Write(EduRegisters.Status, new EduStatus());
    }

    public void Dispose()
    {
        _device.Dispose();
        _backend.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void It_identifies_itself()
    {
        EduIdentification identification = _bar0.Read(EduRegisters.Identification);
        Assert.Equal((0xed, 1, 0), (identification.Magic, identification.MajorVersion, identification.MinorVersion));
    }

    [Fact]
    public void It_has_the_identity_of_its_configuration_space_and_a_dump_of_its_registers()
    {
        PciIdentity identity = _device.Identity;
        Assert.Equal((0x1234, 0x11e8, 1), (identity.VendorId, identity.DeviceId, identity.InterruptPin));
        Assert.Equal(_config.ReadByte(8), identity.Revision);
        Assert.Contains("MAGIC 0xed", _device.Dump(EduRegisters.Map), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_for_a_register_ends_with_its_value_or_in_time()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        _bar0.Write(EduRegisters.Factorial, new RawUInt32(5));
        await _bar0.WaitForAsync(EduRegisters.Status, status => !status.IsComputing, Patience, cancellation);
        Assert.Equal(120u, _bar0.WaitFor(0x08, uint.MaxValue, 120u, Patience, cancellation));
        Assert.Throws<TimeoutException>(() => _bar0.WaitFor(
            EduRegisters.Factorial, value => value.Raw == 0, TimeSpan.FromMilliseconds(5), cancellation));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0x12345678)]
    [InlineData(0xffffffff)]
    public void Its_liveness_register_reads_as_the_complement(uint value)
    {
        _bar0.Write(EduRegisters.Liveness, new RawUInt32(value));
        Assert.Equal(~value, _bar0.Read(EduRegisters.Liveness).Raw);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(5, 120)]
    [InlineData(12, 479001600)]
    [InlineData(13, 1932053504)]
    [InlineData(33, 2147483648)]
    [InlineData(34, 0)]
    [InlineData(1000, 0)]
    public void It_computes_factorials(uint number, uint factorial)
    {
        _bar0.Write(EduRegisters.Factorial, new RawUInt32(number));
        WaitUntil(() => !_bar0.Read(EduRegisters.Status).IsComputing);
        Assert.Equal(factorial, _bar0.Read(EduRegisters.Factorial).Raw);
        Assert.Equal(0u, _bar0.Read(EduRegisters.InterruptStatus).Raw);
    }

    [Fact]
    public void It_interrupts_when_a_factorial_is_computed()
    {
        _bar0.Write(EduRegisters.Status, new EduStatus { RaisesInterrupt = true });
        _bar0.Write(EduRegisters.Factorial, new RawUInt32(3));
        WaitUntil(() => _bar0.Read(EduRegisters.InterruptStatus).Factorial);
        Assert.Equal(8, _config.ReadUInt16(6) & 8);
        _bar0.Write(EduRegisters.InterruptAcknowledge, new EduInterrupts { Factorial = true });
        Assert.Equal((0u, 0), (_bar0.Read(EduRegisters.InterruptStatus).Raw, _config.ReadUInt16(6) & 8));
    }

    [Fact]
    public void Raised_interrupts_stay_until_all_of_them_are_acknowledged()
    {
        _bar0.Write(EduRegisters.InterruptRaise, new EduInterrupts(0xa0));
        _bar0.Write(EduRegisters.InterruptRaise, new EduInterrupts(0x05));
        Assert.Equal((0xa5u, 8), (_bar0.Read(EduRegisters.InterruptStatus).Raw, _config.ReadUInt16(6) & 8));
        _bar0.Write(EduRegisters.InterruptAcknowledge, new EduInterrupts(0x85));
        Assert.Equal((0x20u, 8), (_bar0.Read(EduRegisters.InterruptStatus).Raw, _config.ReadUInt16(6) & 8));
        _bar0.Write(EduRegisters.InterruptAcknowledge, new EduInterrupts(0x20));
        Assert.Equal((0u, 0), (_bar0.Read(EduRegisters.InterruptStatus).Raw, _config.ReadUInt16(6) & 8));
    }

    [Theory]
    [InlineData(RegionAccess.Mapped)]
    [InlineData(RegionAccess.Trapped)]
    public void Its_transfer_registers_hold_64_bits(RegionAccess access)
    {
        using Region bar0 = OpenForEightBytes(access);
        bar0.Write(EduRegisters.DmaSource, new RawUInt64(0x1122334455667788));
        bar0.Write(EduRegisters.DmaDestination, new RawUInt64(ulong.MaxValue));
        bar0.WriteUInt32(0x90, 0x99aabbcc);
        Assert.Equal(0x1122334455667788ul, bar0.Read(EduRegisters.DmaSource).Raw);
        Assert.Equal(
            (ulong.MaxValue, 0x99aabbccul),
            (bar0.Read(EduRegisters.DmaDestination).Raw, bar0.Read(EduRegisters.DmaCount).Raw));
        Assert.Equal((0x55667788u, uint.MaxValue), (bar0.ReadUInt32(0x80), bar0.ReadUInt32(0x84)));
    }

    [Theory]
    [InlineData(RegionAccess.Mapped)]
    [InlineData(RegionAccess.Trapped)]
    public void A_transfer_without_bus_mastering_ends_with_its_interrupt(RegionAccess access)
    {
        using Region bar0 = OpenForEightBytes(access);
        bar0.Write(EduRegisters.DmaSource, new RawUInt64(EduRegisters.BufferAddress));
        bar0.Write(EduRegisters.DmaDestination, new RawUInt64(0x1000));
        bar0.Write(EduRegisters.DmaCount, new RawUInt64(16));
        bar0.Write(
            EduRegisters.DmaCommand, new EduDmaCommand { Start = true, FromDevice = true, RaisesInterrupt = true });
        Assert.True(bar0.Read(EduRegisters.DmaCommand).Start);
        WaitUntil(() => !bar0.Read(EduRegisters.DmaCommand).Start);
        Assert.Equal(6ul, bar0.Read(EduRegisters.DmaCommand).Raw);
        Assert.True(bar0.Read(EduRegisters.InterruptStatus).Dma);
    }

    [Theory]
    [InlineData(RegionAccess.Mapped)]
    [InlineData(RegionAccess.Trapped)]
    public void Widths_that_it_does_not_allow_do_nothing(RegionAccess access)
    {
        using Region bar0 = OpenForEightBytes(access);
        bar0.WriteUInt32(4, 1);
        bar0.WriteByte(4, 2);
        bar0.WriteUInt16(4, 3);
        bar0.WriteUInt64(0, 4ul << 32);
        Assert.Equal(~1u, bar0.ReadUInt32(4));
        Assert.Equal((0, 0, ulong.MaxValue), (bar0.ReadByte(0), bar0.ReadUInt16(0x80), bar0.ReadUInt64(0)));
        Assert.Equal(
            (uint.MaxValue, uint.MaxValue, uint.MaxValue),
            (bar0.ReadUInt32(0x0c), bar0.ReadUInt32(0x40000), bar0.ReadUInt32(0xffffc)));
    }

    private Region OpenForEightBytes(RegionAccess access)
    {
        Assert.SkipWhen(
            access == RegionAccess.Trapped && _backend.SplitsEightBytes is not null,
            $"{_backend.Name}: {_backend.SplitsEightBytes}");
        return _device.OpenRegion(RegionIndex.Bar0, access);
    }

    private static void WaitUntil(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Patience));
}
