using System.Numerics;
using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>An expansion ROM: its content, and ones behind it up to the region's end.</summary>
internal sealed class RomImage
{
    // What vfio-pci can show at all, and more than any ROM has.
    private const int Most = 16 * 1024 * 1024;
    private const uint LeastLength = 2048; // the least a ROM's register can ask for

    private readonly byte[] _content;

    public RomImage(ReadOnlySpan<byte> content)
    {
        if (content.Length is 0 or > Most)
        {
            throw new ArgumentException($"a ROM has 1 to {Most} bytes, not {content.Length}", nameof(content));
        }

        _content = content.ToArray();
        Length = Math.Max(LeastLength, BitOperations.RoundUpToPowerOf2((uint)content.Length));
        Info = new RegionInfo(RegionIndex.Rom, Length, canRead: true, canWrite: false, [], 0);
    }

    public ulong Length { get; }

    public RegionInfo Info { get; }

    public ulong Read(ulong offset, int width)
    {
        ulong value = 0;
        for (int i = 0; i < width; i++)
        {
            ulong at = offset + (ulong)i;
            value |= (ulong)(at < (ulong)_content.Length ? _content[at] : 0xff) << (8 * i);
        }

        return value;
    }
}
