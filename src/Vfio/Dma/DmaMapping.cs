using System.Globalization;

namespace Vfio;

/// <summary>Memory of the caller's that devices can reach. Disposal takes it back from them.</summary>
/// <remarks>
/// Any thread. While it lives the memory must stay mapped; the address space ends it when its last device is disposed, and tells of it
/// as a leak. After disposal the device's accesses there fault, and no byte is moved.
/// </remarks>
public sealed class DmaMapping : IDisposable, IInterval
{
    private readonly IoAddressSpace _space;
    private readonly string? _owner;
    private readonly string _file;
    private readonly int _line;
    private readonly long _start = Environment.TickCount64; // the coarse clock: a mapping costs no more than its system call
    private volatile bool _isEnded;

    internal DmaMapping(IoAddressSpace space, ulong iova, ulong length, DmaAccess access, object? memory, string? owner, string file, int line)
    {
        _space = space;
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

    /// <summary>What the device may do with the memory.</summary>
    public DmaAccess Access { get; }

    /// <summary>Who asked for it: the name that was given, or the line of source.</summary>
    public string Owner => _owner ?? string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(_file)}:{_line}");

    /// <summary>Whether devices can still reach it.</summary>
    public bool IsLive => !_isEnded;

    internal ulong First => Iova.Value;

    internal ulong Last => Iova.Value + (Length - 1);

    ulong IInterval.First => First;

    ulong IInterval.Last => Last;

    /// <summary>What has to stay as long as the mapping: memory that ends with it, or a region.</summary>
    internal object? Memory { get; private set; }

    internal IoAddressSpace Space => _space;

    /// <summary>Takes the memory back from the devices. More than once is harmless.</summary>
    /// <exception cref="VfioException">The kernel refused; the mapping lives on.</exception>
    public void Dispose() => _space.Unmap(this);

    internal DmaMappingInfo Describe(long now) => new()
    {
        Iova = Iova,
        Length = Length,
        Access = Access,
        Owner = Owner,
        Age = TimeSpan.FromMilliseconds(now - _start),
        IsLive = IsLive,
    };

    /// <summary>The devices cannot reach it any more: memory of ours goes.</summary>
    internal void End()
    {
        _isEnded = true;
        (Memory as BufferMemory)?.Revoke();
        (Memory as Region)?.EndLoan(Dispose);
        Memory = null; // what remembers this mapping does not keep its memory
    }
}
