using System.Globalization;

namespace Vfio.Cli;

/// <summary>Accesses registers of 8, 16, 32 and 64 bits, and makes the checks that need no device.</summary>
internal static class RegisterWidth
{
    public const int Default = 32;

    public static ulong Read(Region region, ulong offset, int bits) => bits switch
    {
        8 => region.ReadByte(offset),
        16 => region.ReadUInt16(offset),
        32 => region.ReadUInt32(offset),
        _ => region.ReadUInt64(offset),
    };

    public static void Write(Region region, ulong offset, int bits, ulong value)
    {
        switch (bits)
        {
            case 8: region.WriteByte(offset, (byte)value); break;
            case 16: region.WriteUInt16(offset, (ushort)value); break;
            case 32: region.WriteUInt32(offset, (uint)value); break;
            default: region.WriteUInt64(offset, value); break;
        }
    }

    /// <summary>Formats a value with all digits of its width.</summary>
    public static string Format(ulong value, int bits) =>
        $"0x{value.ToString($"x{bits / 4}", CultureInfo.InvariantCulture)}";

    public static bool Fits(ulong value, int bits) => bits == 64 || value >> bits == 0;

    /// <exception cref="CliException">The value has more bits than the register.</exception>
    public static void CheckFits(string command, ulong value, int bits)
    {
        if (!Fits(value, bits))
        {
            throw new CliException(
                $"{command}: 0x{value:x} does not fit into a register of {bits} bits",
                "-w chooses another width: 8, 16, 32 or 64",
                ExitCode.WrongUsage);
        }
    }

    /// <exception cref="CliException">The offset is not a multiple of the width.</exception>
    public static void CheckAligned(string command, Place place, int bits)
    {
        int bytes = bits / 8;
        if (place.Offset % (uint)bytes != 0)
        {
            throw new CliException(
                $"{command}: {place} is not aligned: the offset of a {bits}-bit register is a multiple of {bytes}",
                bits == Default ? "-w 8 or -w 16 access narrower registers" : "-w chooses another width",
                ExitCode.WrongUsage);
        }
    }

    /// <exception cref="CliException">The registers are not all inside the region.</exception>
    public static void CheckRange(string command, ulong length, Place place, int bits, int count)
    {
        ulong bytes = (ulong)bits / 8 * (ulong)count;
        if (place.Offset <= length && bytes <= length - place.Offset)
        {
            return;
        }

        string what = count == 1 ? "it" : string.Create(CultureInfo.InvariantCulture, $"{count} registers from there");
        throw new CliException(
            $"{command}: {place} is out of range: {what} would end outside {place.RegionName}, "
            + $"which has 0x{length:x} bytes",
            $"the last {bits}-bit register is at {place with { Offset = LastOffset(length, bits) }}");
    }

    private static ulong LastOffset(ulong length, int bits)
    {
        uint bytes = (uint)bits / 8;
        return length < bytes ? 0 : (length - bytes) / bytes * bytes;
    }
}
