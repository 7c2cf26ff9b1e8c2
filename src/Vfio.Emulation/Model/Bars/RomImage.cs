using System.Numerics;
using Vfio.Pci;

namespace Vfio.Emulation;

/// <summary>
/// Represents an expansion ROM: its content, followed by bytes of all ones up to the end of the region.
/// </summary>
internal sealed class RomImage
{
    // The maximum that vfio-pci can show, which is more than any ROM has.
    private const int Most = 16 * 1024 * 1024;
    private const uint LeastLength = 2048; // the minimum that the register of a ROM can request

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
