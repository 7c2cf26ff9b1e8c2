using System.Runtime.InteropServices;

namespace Vfio.Benchmarks;

/// <summary>
/// Provides the driver's loops in C (benchmarks/baseline/pace.c), on memory of the same kind as those in C# have.
/// </summary>
internal sealed unsafe class PaceBaseline
{
    /// <summary>The length of the memory that C needs: three pages and its blocks.</summary>
    public const ulong MemoryLength = (3 * 4096) + (64 * 2048);

    private readonly nint _library;
    private readonly nint _driver;

    public PaceBaseline(string path, DmaBuffer memory)
    {
        _library = NativeLibrary.Load(Path.GetFullPath(path));
        _driver = ((delegate* unmanaged<nint, ulong, nint>)NativeLibrary.GetExport(_library, "pace_create"))(
            memory.Address, memory.Iova.Value);
        if (_driver == 0)
        {
            throw new InvalidOperationException("C could not allocate its memory");
        }
    }

    /// <summary>Returns a loop; it takes the number of rounds.</summary>
    public Func<ulong, ulong> Bind(string name)
    {
        nint function = NativeLibrary.GetExport(_library, name);
        nint driver = _driver;
        return count =>
        {
            ulong result = ((delegate* unmanaged<nint, ulong, ulong>)function)(driver, count);
            return result != 0 ? result : throw new InvalidOperationException($"{name} in C failed");
        };
    }
}
