using Vfio.Host;

namespace Vfio.Tests;

public sealed class DriverBindingTests : IDisposable
{
    private readonly FakeHost _host = new();
    private readonly FakeDevice _nic;
    private readonly TreeSnapshot _before;

    public DriverBindingTests()
    {
        _nic = BindScenario.AddNic(_host).WithInterface("eth0", isUp: true);
        _before = new TreeSnapshot(_host);
    }

    public void Dispose() => _host.Dispose();

    private BindOptions Options(FakeKernel? kernel = null) =>
        new() { Host = _host.Root, Changes = kernel ?? new FakeKernel(_host) };

    [Fact]
    public void Dispose_releases_the_device()
    {
        using (DriverBinding binding = DriverBinding.Bind(_nic.Address, Options()))
        {
            Assert.Equal(_nic.Address, binding.Address);
            Assert.Equal("vfio-pci", _nic.Driver);
        }

        _before.AssertUnchanged(_host);
        Assert.Empty(new BindingJournal(_host.Root).GetEntries());
    }

    [Fact]
    public void Dispose_and_release_may_be_repeated()
    {
        FakeKernel kernel = new(_host);
        DriverBinding binding = DriverBinding.Bind(_nic.Address, Options(kernel));
        binding.Release();
        int calls = kernel.Calls.Count;
        binding.Release();
        binding.Dispose();
        binding.Dispose();
        Assert.Equal(calls, kernel.Calls.Count);
        _before.AssertUnchanged(_host);
    }

    [Fact]
    public void A_device_of_an_earlier_binding_stays_with_it()
    {
        using DriverBinding first = DriverBinding.Bind(_nic.Address, Options());
        using (DriverBinding.Bind(_nic.Address, Options()))
        {
            Assert.Equal("vfio-pci", _nic.Driver);
        }

        Assert.Equal("vfio-pci", _nic.Driver);
        Assert.NotNull(new BindingJournal(_host.Root).Find(_nic.Address));
        first.Release();
        _before.AssertUnchanged(_host);
    }

    [Fact]
    public void After_a_killed_bind_the_next_one_binds_and_releases_the_device()
    {
        FakeKernel killed = new(_host) { Fault = Fault.Kill(2, after: true) };
        Assert.Throws<KilledException>(() => DriverBinding.Bind(_nic.Address, Options(killed)));
        Assert.Null(_nic.Driver);
        using (DriverBinding.Bind(_nic.Address, Options()))
        {
            Assert.Equal("vfio-pci", _nic.Driver);
        }

        _before.AssertUnchanged(_host);
    }

    [Fact]
    public void A_device_that_had_a_vfio_driver_before_keeps_it()
    {
        FakeDevice taken = _host.AddDevice("0000:00:15.0", driver: "vfio-pci", group: 13);
        TreeSnapshot before = new(_host);
        DriverBinding.Bind(taken.Address, Options()).Dispose();
        before.AssertUnchanged(_host);
    }

    [Fact]
    public void Of_a_group_only_newly_bound_devices_are_released()
    {
        FakeDevice[] group = BindScenario.AddGroup(_host);
        using DriverBinding first = DriverBinding.Bind(group[1].Address, Options());
        using (DriverBinding.Bind(group[0].Address, Options() with { WholeGroup = true }))
        {
            Assert.Equal(("vfio-pci", "vfio-pci"), (group[0].Driver, group[1].Driver));
        }

        Assert.Equal(("e1000e", "vfio-pci"), (group[0].Driver, group[1].Driver));
    }

    [Fact]
    public void Release_throws_while_the_device_is_held_and_Dispose_does_not()
    {
        DriverBinding binding = DriverBinding.Bind(_nic.Address, Options());
        _nic.IsHeld = true;
        _host.AddProcess(4711, "qemu", 0, "/dev/vfio/12");
        VfioException failure = Assert.Throws<BindingRefusedException>(() => binding.Release());
        Assert.Contains("4711", failure.Message, StringComparison.Ordinal);
        binding.Dispose();
        Assert.Equal("vfio-pci", _nic.Driver);
        Assert.NotNull(new BindingJournal(_host.Root).Find(_nic.Address));
        _host.EndProcess(4711);
        _nic.LetGo();
        binding.Release();
        _before.AssertUnchanged(_host);
    }

    [Fact]
    public void Dispose_is_silent_if_another_program_has_released_the_device()
    {
        DriverBinding binding = DriverBinding.Bind(_nic.Address, Options());
        Assert.Single(ReleasePlan.ComputeAll(new ReleaseOptions { Host = _host.Root, Changes = new FakeKernel(_host) })
            .Execute());
        binding.Dispose();
        _before.AssertUnchanged(_host);
    }

    [Fact]
    public void A_refused_device_is_not_bound()
    {
        FakeDevice bridge = _host.AddDevice("0000:00:1c.0", classCode: "060400", driver: "pcieport", group: 3);
        Assert.Throws<BindingRefusedException>(() => DriverBinding.Bind(bridge.Address, Options()));
        Assert.Equal("pcieport", bridge.Driver);
    }
}
