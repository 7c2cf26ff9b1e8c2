using System.Globalization;

namespace Vfio;

/// <summary>Represents memory of the caller that devices can access, until it is unmapped.</summary>
/// <remarks>
/// Thread-safe. The memory must stay mapped in the process as long as <see cref="IsLive"/> is true. When the address
/// space ends, it unmaps the memory and reports it as a leak. After that, accesses of the device fault, and transfer
/// nothing.
/// </remarks>
public sealed partial class DmaMapping : IDisposable, IInterval
{
    private readonly IoAddressSpace _space;
    private readonly string? _owner;
    private readonly string _file;
    private readonly int _line;
    // The coarse clock, so that a mapping costs little more than its system call.
    private readonly long _start = Environment.TickCount64;
    private volatile bool _isEnded;
    private volatile bool _isDisposed;

    internal DmaMapping(
        IoAddressSpace space,
        ulong iova,
        nint address,
        ulong length,
        DmaAccess access,
        object? memory,
        string? owner,
        string file,
        int line)
    {
        _space = space;
        Address = address;
        Iova = new Iova(iova);
        Length = length;
        Access = access;
        Memory = memory;
        (_owner, _file, _line) = (owner, file, line);
    }

    /// <summary>Gets the IOVA of the first byte.</summary>
    public Iova Iova { get; }

    /// <summary>Gets the length in bytes.</summary>
    public ulong Length { get; }

    /// <summary>Gets what the device may do with the memory.</summary>
    public DmaAccess Access { get; }

    /// <summary>Gets the owner: the name that was passed, or the source line of the call.</summary>
    public string Owner => _owner ?? string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(_file)}:{_line}");

    /// <summary>
    /// Gets whether the memory is mapped: devices can access it, or can as soon as the next one opens into the address
    /// space.
    /// </summary>
    public bool IsLive => !_isEnded;

    /// <summary>
    /// Gets whether the owner may still use it. A mapping whose disposal the kernel refused is live, but not usable.
    /// </summary>
    internal bool IsUsable => !_isDisposed;

    /// <summary>Gets where the memory starts in this process.</summary>
    internal nint Address { get; }

    internal ulong First => Iova.Value;

    internal ulong Last => Iova.Value + (Length - 1);

    ulong IInterval.First => First;

    ulong IInterval.Last => Last;

    /// <summary>Gets what must stay alive as long as the mapping: memory that ends with it, or a region.</summary>
    internal object? Memory { get; private set; }

    internal IoAddressSpace Space => _space;

    /// <summary>Unmaps the memory: devices cannot access it any more. A second call does nothing.</summary>
    /// <exception cref="VfioException">
    /// The kernel refused. The mapping stays as it was, and the call can be repeated.
    /// </exception>
    public void Unmap() => _space.Unmap(this);

    /// <summary>
    /// Unmaps the memory. Never throws, and can be called more than once. If the kernel refuses, the mapping stays,
    /// with its IOVA, until <see cref="Unmap"/> succeeds or the address space ends, which reports it as a leak.
    /// </summary>
    public void Dispose()
    {
        CloseViews();
        Disposal.Quietly(this, static mapping => mapping.Unmap()); // without a delegate for each mapping
    }

    internal DmaMappingInfo Describe(long now) => new()
    {
        Iova = Iova,
        Length = Length,
        Access = Access,
        Owner = Owner,
        Age = TimeSpan.FromMilliseconds(now - _start),
        IsLive = IsLive,
    };

    /// <summary>Called when the devices cannot access it any more: memory of the library is freed.</summary>
    internal void End()
    {
        CloseViews();
        _isEnded = true;
        (Memory as BufferMemory)?.Revoke();
        (Memory as Region)?.EndLoan(Dispose);
        Memory = null; // objects that still refer to this mapping do not keep its memory
    }
}
