using System.Diagnostics;

namespace Vfio.Machine.Tests;

/// <summary>
/// Represents a program that has a device open, or only mapped, until it is told to close it, or the test ends.
/// </summary>
internal sealed class Holder : IDisposable
{
    private readonly Process _process;

    public Holder(string address, bool onlyMaps = false)
    {
        _process = Machine.Start(Machine.CProgram, address, Machine.Group(address), onlyMaps ? "--map" : "--hold");
        string last = onlyMaps ? "mapped only" : "fd ";
        while (_process.StandardOutput.ReadLine() is string line && !line.StartsWith(last, StringComparison.Ordinal))
        {
        }
    }

    public int Id => _process.Id;

    /// <summary>
    /// Counts how often the kernel asked programs in vain to close a device. From then on it waits for them, with the
    /// device's lock held.
    /// </summary>
    public static int CountRequests() => int.Parse(
        Machine.Do("dmesg | grep -c 'No device request channel registered' || true"),
        System.Globalization.CultureInfo.InvariantCulture);

    public void LetGo()
    {
        _process.StandardInput.Close();
        Assert.True(_process.WaitForExit(Machine.Patience));
    }

    public void Dispose()
    {
        // Also after a failed assertion, because the next program would wait for it in the kernel.
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
