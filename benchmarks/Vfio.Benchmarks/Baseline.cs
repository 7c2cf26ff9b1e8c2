using System.Runtime.InteropServices;

namespace Vfio.Benchmarks;

/// <summary>
/// Provides the same loops in C (benchmarks/baseline/registers.c), through function pointers. It lives as long as the
/// process.
/// </summary>
internal sealed unsafe class Baseline
{
    private readonly nint _library;
    private readonly nint _memory;
    private readonly nint _device;

    /// <param name="path">The shared library that benchmarks/run has compiled.</param>
    /// <param name="length">The length of C's own memory BAR in bytes.</param>
    public Baseline(string path, int length)
    {
        _library = NativeLibrary.Load(Path.GetFullPath(path));
        _memory = ((delegate* unmanaged<ulong, nint>)NativeLibrary.GetExport(_library, "baseline_memory"))(
            (ulong)length);
        _device = ((delegate* unmanaged<nint>)NativeLibrary.GetExport(_library, "baseline_device"))();
        if (_memory == 0)
        {
            throw new InvalidOperationException("C could not allocate memory for its BAR");
        }

        Memory = length;
    }

    private int Memory { get; }

    /// <summary>Fills C's memory BAR.</summary>
    public void Fill(ReadOnlySpan<byte> content) => content.CopyTo(new Span<byte>((void*)_memory, Memory));

    /// <summary>Returns a loop over C's memory BAR.</summary>
    public Func<ulong, ulong> OnMemory(string name, ulong offset) => Bind(name, _memory, offset);

    /// <summary>Returns a loop over C's device, which is a function behind a pointer.</summary>
    public Func<ulong, ulong> OnDevice(string name, ulong offset) => Bind(name, _device, offset);

    private Func<ulong, ulong> Bind(string name, nint subject, ulong offset)
    {
        nint function = NativeLibrary.GetExport(_library, name);
        return count => ((delegate* unmanaged<nint, ulong, ulong, ulong>)function)(subject, offset, count);
    }
}
