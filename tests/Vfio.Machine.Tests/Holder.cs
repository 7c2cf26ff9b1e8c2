using System.Diagnostics;

namespace Vfio.Machine.Tests;

/// <summary>A program that has a device open until it is told to let go, or the test ends.</summary>
internal sealed class Holder : IDisposable
{
    private readonly Process _process;

    public Holder(string address)
    {
        _process = Machine.Start(Machine.CProgram, address, Machine.Group(address), "--hold");
        while (_process.StandardOutput.ReadLine() is string line && !line.StartsWith("fd ", StringComparison.Ordinal))
        {
        }
    }

    public int Id => _process.Id;

    public void LetGo()
    {
        _process.StandardInput.Close();
        Assert.True(_process.WaitForExit(Machine.Patience));
    }

    public void Dispose()
    {
        // Also after a failed assertion: who comes next would wait in the kernel for it.
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
