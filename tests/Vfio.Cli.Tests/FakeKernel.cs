namespace Vfio.Cli.Tests;

/// <summary>
/// Reacts like the kernel to writes to the sysfs of a <see cref="FakeHost"/>: it unbinds and binds drivers. It supports
/// only what one bind and one release of one device need.
/// </summary>
internal sealed class FakeKernel : IDisposable
{
    private readonly FakeHost _host;
    private readonly FakeDevice _device;
    private readonly Action? _beforeBind;
    private readonly string[] _unbinds;
    private readonly string[] _binds;
    private readonly CancellationTokenSource _end = new();
    private readonly Thread _thread;

    /// <param name="host">The host.</param>
    /// <param name="device">The device.</param>
    /// <param name="beforeBind">Called before a driver is bound to the device.</param>
    public FakeKernel(FakeHost host, FakeDevice device, Action? beforeBind = null)
    {
        _host = host;
        _device = device;
        _beforeBind = beforeBind;
        string[] drivers = ["vfio-pci", device.Driver!];
        _unbinds = Array.ConvertAll(drivers, driver => $"sys/bus/pci/drivers/{driver}/unbind");
        _binds = ["sys/bus/pci/drivers_probe", .. drivers.Select(driver => $"sys/bus/pci/drivers/{driver}/bind")];
        foreach (string attribute in _unbinds.Concat(_binds))
        {
            host.Write(attribute, "");
        }

        _thread = new Thread(Serve);
        _thread.Start();
    }

    public void Dispose()
    {
        _end.Cancel();
        _thread.Join();
        _end.Dispose();
    }

    private void Serve()
    {
        while (!_end.Token.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(1)))
        {
            // Writes take effect in order: an unbind comes before the bind that follows it.
            string? bind = Array.Find(_binds, IsWritten);
            string? unbind = Array.Find(_unbinds, IsWritten);
            if (unbind is not null)
            {
                Finish(unbind, driver: null);
            }

            if (bind is not null)
            {
                _beforeBind?.Invoke();
                Finish(
                    bind,
                    Path.GetFileName(bind) == "bind" ? Path.GetFileName(Path.GetDirectoryName(bind)) : "vfio-pci");
            }
        }
    }

    private bool IsWritten(string attribute) =>
        File.ReadAllText(_host.PathOf(attribute)).Length == _device.Address.Length;

    private void Finish(string attribute, string? driver)
    {
        _host.Write(attribute, "");
        _host.WriteIdentity(_device.Address, _device with { Driver = driver });
    }
}
