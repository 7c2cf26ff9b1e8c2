using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>
/// Devices of the machine that the cases of a class share: each is bound when the first case asks for it, and released
/// after the last one.
/// </summary>
/// <remarks>
/// The kernel resets a device whenever it is opened and closed, so a case does not see what the one before it did. A
/// case that changes more than a reset restores (it pulls the device, or needs the original driver) calls
/// <see cref="Release"/>, and the next one gets a fresh device. With <c>VFIO_FRESH_DEVICE=1</c> each case binds and
/// releases its own devices; the results must be the same.
/// </remarks>
public sealed class BoundDevices : IDisposable
{
    private static readonly bool IsOnePerCase = Environment.GetEnvironmentVariable("VFIO_FRESH_DEVICE") == "1";

    private readonly List<BoundDevice> _bound = [];

    /// <summary>Whether a device is bound here.</summary>
    public bool Has(string address) => _bound.Exists(device => device.Address == PciAddress.Parse(address));

    /// <summary>Binds a device, except if it is already bound with the same options.</summary>
    public PciAddress Bind(string address, BindOptions? options = null)
    {
        PciAddress at = PciAddress.Parse(address);
        options ??= new BindOptions();
        if (_bound.Find(device => device.Address == at)?.Options == options)
        {
            return at;
        }

        Release(at);
        HostState before = HostState.Read(at);
        DriverBinding binding = DriverBinding.Bind(at, options);
        Assert.True(binding.IsBound, $"{at} was bound before this class");
        _bound.Add(new BoundDevice(binding, options, before));
        return at;
    }

    /// <summary>
    /// Releases a device if it is bound here, and fails if the host is not as it was before the bind.
    /// </summary>
    public void Release(PciAddress address)
    {
        if (_bound.Find(device => device.Address == address) is BoundDevice device)
        {
            _bound.Remove(device);
            device.Release();
        }
    }

    /// <summary>
    /// Ends a case: bus mastering of its devices must be disabled, as the kernel does when a device is closed.
    /// </summary>
    public void EndCase()
    {
        if (IsOnePerCase)
        {
            Dispose();
            return;
        }

        foreach (BoundDevice device in _bound)
        {
            Assert.False(HostState.IsBusMaster(device.Address), $"this case left {device.Address} open or on the bus");
        }
    }

    /// <summary>Releases all of them, even if one fails.</summary>
    public void Dispose()
    {
        // A network interface gets the first free name, so in this order each gets its own.
        BoundDevice[] all = [.. _bound.OrderBy(device => device.Before.Interfaces, StringComparer.Ordinal)];
        _bound.Clear();
        Exception[] failures = [.. all.Select(device => Record.Exception(device.Release)).OfType<Exception>()];
        if (failures.Length != 0)
        {
            throw new AggregateException(failures);
        }
    }

    private sealed record BoundDevice(DriverBinding Binding, BindOptions Options, HostState Before)
    {
        public PciAddress Address => Binding.Address;

        public void Release()
        {
            Binding.Release();
            Assert.Equal(Before, HostState.Read(Address));
            Assert.False(File.Exists($"/run/vfio/{Address}.json"), $"{Address} is released and still in the journal");
        }
    }
}
