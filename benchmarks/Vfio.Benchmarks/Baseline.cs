using System.Runtime.InteropServices;

namespace Vfio.Benchmarks;

/// <summary>The same loops in C (benchmarks/baseline/registers.c), behind function pointers. Lives as long as the process.</summary>
internal sealed unsafe class Baseline
{
    private readonly nint _library;
    private readonly nint _memory;
    private readonly nint _device;

    /// <param name="path">The shared library that benchmarks/run has compiled.</param>
    /// <param name="length">Bytes of C's own memory BAR.</param>
    public Baseline(string path, int length)
    {
        _library = NativeLibrary.Load(Path.GetFullPath(path));
        _memory = ((delegate* unmanaged<ulong, nint>)NativeLibrary.GetExport(_library, "baseline_memory"))((ulong)length);
        _device = ((delegate* unmanaged<nint>)NativeLibrary.GetExport(_library, "baseline_device"))();
        if (_memory == 0)
        {
            throw new InvalidOperationException("C got no memory for its BAR");
        }

        Memory = length;
    }

    private int Memory { get; }

    /// <summary>Fills C's memory BAR.</summary>
    public void Fill(ReadOnlySpan<byte> content) => content.CopyTo(new Span<byte>((void*)_memory, Memory));

    /// <summary>A loop over C's memory BAR.</summary>
    public Func<ulong, ulong> OnMemory(string name, ulong offset) => Bind(name, _memory, offset);

    /// <summary>A loop over C's device, a function behind a pointer.</summary>
    public Func<ulong, ulong> OnDevice(string name, ulong offset) => Bind(name, _device, offset);

    private Func<ulong, ulong> Bind(string name, nint subject, ulong offset)
    {
        nint function = NativeLibrary.GetExport(_library, name);
        return count => ((delegate* unmanaged<nint, ulong, ulong, ulong>)function)(subject, offset, count);
    }
}
