namespace Vfio.Drivers.Net;

/// <summary>
/// Converts a speed to and from the two bits of the 82574 (STATUS.SPEED and others; Intel 82574 GbE Controller Family
/// Datasheet 3.4, section 10.2.2).
/// </summary>
internal static class Intel82574Speed
{
    public static int Decode(ulong number) => number switch { 0 => 10, 1 => 100, _ => 1000 };

    public static ulong Encode(int megabits) => megabits switch
    {
        10 => 0,
        100 => 1,
        1000 => 2,
        _ => throw new ArgumentOutOfRangeException(
            nameof(megabits), megabits, "the 82574 supports 10, 100 and 1000 Mb/s"),
    };
}
