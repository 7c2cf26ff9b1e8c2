using System.Globalization;

namespace Vfio;

/// <summary>Represents memory of the caller that devices can access, until it is unmapped.</summary>
/// <remarks>
/// Any thread may use it. The memory must stay mapped in the process as long as <see cref="IsLive"/> is
/// <see langword="true"/>. The address space unmaps it when it ends, and reports it as a leak. After that, accesses of
/// the device fault, and no byte is moved.
/// </remarks>
public sealed class DmaMapping : IDisposable, IInterval
{
    private readonly IoAddressSpace _space;
    private readonly string? _owner;
    private readonly string _file;
    private readonly int _line;
    // the coarse clock: a mapping costs no more than its system call
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

    /// <summary>The device's address of the first byte.</summary>
    public Iova Iova { get; }

    /// <summary>Bytes.</summary>
    public ulong Length { get; }

    /// <summary>Gets what the device may do with the memory.</summary>
    public DmaAccess Access { get; }

    /// <summary>Who asked for it: the name that was given, or the line of source.</summary>
    public string Owner => _owner ?? string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(_file)}:{_line}");

    /// <summary>
    /// Gets whether it is mapped: devices can access the memory, or will when the next one opens into the address
    /// space.
    /// </summary>
    public bool IsLive => !_isEnded;

    /// <summary>
    /// Gets whether its owner may still use it: after a disposal that the kernel refused it is live, but not usable.
    /// </summary>
    internal bool IsUsable => !_isDisposed;

    /// <summary>Gets where the memory starts in this process.</summary>
    internal nint Address { get; }

    internal ulong First => Iova.Value;

    internal ulong Last => Iova.Value + (Length - 1);

    ulong IInterval.First => First;

    ulong IInterval.Last => Last;

    /// <summary>Gets what has to stay as long as the mapping: memory that ends with it, or a region.</summary>
    internal object? Memory { get; private set; }

    internal IoAddressSpace Space => _space;

    /// <summary>Unmaps the memory: devices cannot access it any more. A second call does nothing.</summary>
    /// <exception cref="VfioException">The kernel refused: the mapping stays as it was, and the call can be
    /// repeated.</exception>
    public void Unmap() => _space.Unmap(this);

    /// <summary>
    /// Unmaps the memory. Never throws, and may be called again: if the kernel refuses, the mapping stays, with its
    /// IOVA, until <see cref="Unmap"/> succeeds or the address space ends, which reports it as a leak.
    /// </summary>
    public void Dispose()
    {
        _isDisposed = true;
        Disposal.Quietly(Unmap);
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

    /// <summary>The devices cannot access it any more: memory of the library is freed.</summary>
    internal void End()
    {
        _isDisposed = true;
        _isEnded = true;
        (Memory as BufferMemory)?.Revoke();
        (Memory as Region)?.EndLoan(Dispose);
        Memory = null; // what remembers this mapping does not keep its memory
    }
}
