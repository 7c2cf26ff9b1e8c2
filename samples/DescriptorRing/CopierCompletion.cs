using System.Runtime.InteropServices;

namespace DescriptorRing;

/// <summary>Represents a completion, which the device writes and the driver reads: 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct CopierCompletion
{
    /// <summary>
    /// The offset of <see cref="Status"/>, which the device writes last: a driver reads it first, and by itself.
    /// </summary>
    public const int StatusOffset = 14;

    private readonly ulong _reserved;

    /// <summary>Gets how many bytes were copied.</summary>
    public uint Length { get; init; }

    /// <summary>Gets the number of the descriptor.</summary>
    public ushort Id { get; init; }

    /// <summary>
    /// Gets the phase in bit 0, and the outcome in the others. The phase is 1 in the first lap of the ring, and changes
    /// with each lap, so that a new completion differs from the one that was there before.
    /// </summary>
    public ushort Status { get; init; }
}

/// <summary>Represents what became of a copy.</summary>
/// <param name="Id">The number that <see cref="CopierDriver.TryPost"/> returned.</param>
/// <param name="Length">How many bytes were copied.</param>
/// <param name="Outcome">Whether it succeeded.</param>
public readonly record struct CopierResult(int Id, uint Length, CopierOutcome Outcome);

/// <summary>Specifies whether a copy succeeded.</summary>
public enum CopierOutcome
{
    /// <summary>It succeeded.</summary>
    Copied = 0,

    /// <summary>The length is 0 or too great.</summary>
    WrongLength = 1,

    /// <summary>The device cannot reach the source or the destination.</summary>
    WrongAddress = 2,
}
