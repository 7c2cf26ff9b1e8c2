using Vfio.Pci;

namespace Vfio.Emulation.Tests;

/// <summary>
/// The address space of device models, for what the conformance tests do not cover: placement, leaks, faults, threads.
/// </summary>
public sealed class AddressSpaceTests : IDisposable
{
    private const ulong Page = 4096;
    private static readonly TimeSpan Patience = Vfio.Tests.Eventually.Limit;

    private readonly EduModel _model = new() { Address = PciAddress.Parse("0000:00:03.0") };
    private readonly VfioDevice _device;
    private readonly IoAddressSpace _space;

    public AddressSpaceTests()
    {
        _device = _model.Open();
        _space = _device.AddressSpace;
    }

    public void Dispose()
    {
        _device.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void Placement_agrees_with_a_plain_table_of_pages()
    {
        const int Bits = 18;
        _space.LimitAddressWidth(Bits);
        bool[] plain = new bool[1 << (Bits - 12)];
        List<DmaMapping> live = [];
        using DmaBuffer memory = _device.AddressSpace.Allocate(
            16 * Page, new DmaBufferOptions { At = new Iova(0x30000) });
        plain.AsSpan(0x30, 16).Fill(true);
        Random random = new(5);
        int refused = 0;
        int steps = Vfio.Tests.Soak.Times(5_000, 20_000);
        for (int i = 0; i < steps; i++)
        {
            if (random.Next(5) < 3)
            {
                int pages = random.Next(1, 9);
                Iova? at = random.Next(3) == 0 ? new Iova((ulong)random.Next(plain.Length) * Page) : null;
                VfioException? failure = Record.Exception(() => live.Add(
                    _space.Map(memory.Address, (ulong)pages * Page, DmaAccess.Read, at))) as VfioException;
                if (failure is null)
                {
                    int first = (int)(live[^1].Iova.Value / Page);
                    Assert.True(at is null || live[^1].Iova == at);
                    Assert.DoesNotContain(true, plain[first..(first + pages)]);
                    plain.AsSpan(first, pages).Fill(true);
                }
                else
                {
                    refused++;
                    int first = (int)((at?.Value ?? 0) / Page);
                    bool isOutside = first + pages > plain.Length;
                    // Addresses below 0x10000 are used only on request.
                    bool isReasonable = at is null
                        ? !HasRoom(plain.AsSpan(0x10), pages)
                        : isOutside || plain.AsSpan(first, pages).Contains(true);
                    Assert.True(isReasonable, $"{pages} pages at {at}: {failure.Message}");
                }
            }
            else if (live.Count != 0)
            {
                int index = random.Next(live.Count);
                plain.AsSpan((int)(live[index].Iova.Value / Page), (int)(live[index].Length / Page)).Clear();
                live[index].Dispose();
                live.RemoveAt(index);
            }

            Assert.Equal(live.Count + 1, _space.GetUsage().Mappings);
        }

        Assert.InRange(refused, 100, steps * 3 / 4);
    }

    [Fact]
    public void An_address_is_not_used_again_at_once()
    {
        Iova first;
        using (DmaBuffer buffer = _space.Allocate(Page))
        {
            first = buffer.Iova;
        }

        using DmaBuffer next = _space.Allocate(Page);
        Assert.NotEqual(first, next.Iova);
    }

    [Fact]
    public void A_leak_is_reported_once_if_requested()
    {
        // For the host's devices, an option requests the report; for a device model, the leaks are in the property.
        _ = _space.Allocate(Page, new DmaBufferOptions { Owner = "nobody's" });
        using DmaMapping mapping = _space.Map(_space.Allocate(Page).Address, Page, DmaAccess.Read, owner: "a view");
        _device.Dispose();
        Assert.Equal(
            ["nobody's", "AddressSpaceTests", "a view"], _space.Leaks.Select(leak => leak.Owner.Split('.')[0]));
        Assert.All(_space.Leaks, leak => Assert.Contains("4 KiB", leak.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Faults_are_few_exact_and_reported_once()
    {
        _device.SetBusMaster(true);
        using DmaBuffer buffer = _space.Allocate(
            2 * Page, new DmaBufferOptions { At = new Iova(0x100000), Access = DmaAccess.Write, Owner = "the ring" });
        byte[] bytes = new byte[16];
        Assert.Equal(DmaResult.NotPermitted, _model.Memory.TryRead(0x100ff8, bytes));
        Assert.Equal(DmaResult.NotMapped, _model.Memory.TryWrite(0x101ff8, bytes));
        IReadOnlyList<DmaFault> faults = _device.GetFaults();
        Assert.Equal(
            [(0x100000ul, DmaAccess.Read), (0x102000ul, DmaAccess.Write)],
            faults.Select(fault => (fault.Iova.Value, fault.Access)));
        Assert.Equal(["the ring", null], faults.Select(fault => fault.Mapping?.Owner));
        Assert.StartsWith("0000:00:03.0 may not read 0x100000: ", faults[0].ToString(), StringComparison.Ordinal);
        Assert.Empty(_device.GetFaults());
        for (int i = 0; i < 10_000; i++)
        {
            _ = _model.Memory.TryWrite(0, bytes);
        }

        Assert.InRange(_device.GetFaults().Count, 1, 1000);
    }

    [Fact]
    public void Disposal_races_with_use_and_transfers_without_harm()
    {
        _device.SetBusMaster(true);
        for (int round = 0; round < 50; round++)
        {
            DmaBuffer buffer = _space.Allocate(4 * Page);
            using ManualResetEventSlim started = new();
            Thread user = new(() => Use(buffer, started));
            Thread device = new(() => Transfer(buffer.Iova));
            user.Start();
            device.Start();
            Assert.True(started.Wait(Patience, TestContext.Current.CancellationToken));
            buffer.Dispose();
            Assert.True(user.Join(Patience) && device.Join(Patience));
        }
    }

    [Fact]
    public void Bus_mastering_is_disabled_before_memory_is_freed()
    {
        _device.SetBusMaster(true);
        DmaBuffer buffer = _space.Allocate(Page);
        _device.Dispose();
        DmaResult result = _model.Memory.TryWrite(buffer.Iova.Value, new byte[8]);
        Assert.Equal(DmaResult.NoClient, result);
        Assert.False(buffer.Mapping.IsLive);
    }

    [Fact]
    public void Every_failing_call_of_an_allocation_is_named_and_leaves_nothing()
    {
        HashSet<string> named = [];
        for (int n = 0; n < 20; n++)
        {
            int count = 0;
            string? culprit = null;
            SystemCalls calls = new(call =>
            {
                if (count++ != n)
                {
                    return 0;
                }

                culprit = call;
                return Errno.EIO;
            });
            IoAddressSpace space = new(new ModelAddressSpace(), calls);
            using EduModel model = new();
            using VfioDevice device = model.Open(space);
            VfioException? failure = Record.Exception(
                () => space.Allocate(Page, new DmaBufferOptions { NumaNode = 0 }).Dispose()) as VfioException;
            Assert.Equal(culprit, failure?.Operation);
            Assert.Equal(0, space.GetUsage().Mappings);
            named.Add(culprit ?? "");
        }

        Assert.Equal(["", "madvise", "mbind", "mmap"], named.Order());
    }

    [Theory]
    [InlineData(DmaPageSize.Huge2MiB, 2ul << 20, "2 MiB")]
    [InlineData(DmaPageSize.Huge1GiB, 1ul << 30, "1 GiB")]
    public void Huge_pages_are_available_or_the_error_says_how_to_get_them(DmaPageSize size, ulong length, string name)
    {
        string folder = $"/sys/kernel/mm/hugepages/hugepages-{length / 1024}kB";
        if (!Directory.Exists(folder))
        {
            AssertHasNone(_space, size, length, name);
            Assert.Skip($"this processor or kernel has no {name} pages, and the library says so: there is no {folder}");
        }

        try
        {
            using DmaBuffer buffer = _space.Allocate(1, new DmaBufferOptions { PageSize = size });
            Assert.Equal(length, buffer.Length);
            Assert.Equal((0ul, 0L), (buffer.Iova.Value % buffer.Length, buffer.Address % (long)buffer.Length));
        }
        catch (VfioException e)
        {
            Assert.Equal(("mmap", Errno.ENOMEM), (e.Operation, e.Errno));
            Assert.Contains($"{folder}/nr_hugepages", e.Hint, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(DmaPageSize.Huge2MiB, 2ul << 20, "2 MiB")]
    [InlineData(DmaPageSize.Huge1GiB, 1ul << 30, "1 GiB")]
    public void A_page_size_that_the_host_does_not_have_is_refused_with_a_hint(
        DmaPageSize size, ulong length, string name)
    {
        // The kernel's answer if it does not support the size.
        IoAddressSpace space = new(new ModelAddressSpace(), new SystemCalls(call => call == "mmap" ? Errno.EINVAL : 0));
        using EduModel model = new();
        using VfioDevice device = model.Open(space);
        AssertHasNone(space, size, length, name);
        Assert.Equal(0, space.GetUsage().Mappings);
        Assert.Null(Assert.Throws<VfioException>(() => space.Allocate(Page)).Hint);
    }

    private static void AssertHasNone(IoAddressSpace space, DmaPageSize size, ulong length, string name)
    {
        VfioException refused = Assert.Throws<VfioException>(
            () => space.Allocate(1, new DmaBufferOptions { PageSize = size }));
        Assert.Equal(("mmap", Errno.EINVAL), (refused.Operation, refused.Errno));
        Assert.Contains($"has no {name} pages: ", refused.Hint, StringComparison.Ordinal);
        Assert.Contains($"has no hugepages-{length / 1024}kB", refused.Hint, StringComparison.Ordinal);
        Assert.Equal(size == DmaPageSize.Huge1GiB, refused.Hint!.Contains("pdpe1gb", StringComparison.Ordinal));
    }

    private static void Use(DmaBuffer buffer, ManualResetEventSlim started)
    {
        try
        {
            for (nuint i = 0; ; i++)
            {
                buffer.Write(i % 512 * 8, (ulong)i);
                _ = buffer.Read<ulong>(i % 2048 * 8);
                started.Set();
            }
        }
        catch (ObjectDisposedException)
        {
        }
    }

    private void Transfer(Iova iova)
    {
        byte[] bytes = new byte[Page];
        while (_model.Memory.TryWrite(iova.Value, bytes) == DmaResult.Completed)
        {
        }
    }

    private static bool HasRoom(ReadOnlySpan<bool> pages, int count)
    {
        int free = 0;
        foreach (bool isTaken in pages)
        {
            free = isTaken ? 0 : free + 1;
            if (free == count)
            {
                return true;
            }
        }

        return false;
    }
}
