using System.Buffers.Binary;

namespace Vfio.Pci;

/// <summary>
/// Follows the two lists of capabilities (PCI Express Base Specification 6.0, sections 7.5.1.1.11 and 7.6.3). The
/// pointers come from the device, so each step is checked and none is followed twice. A warning says what stopped the
/// walk.
/// </summary>
internal sealed class CapabilityChain(byte[] config, PciConfigHeader header)
{
    internal const int ExtendedStart = 0x100;

    private const int StandardHeader = 4; // lspci and the kernel read four bytes, although ID and next pointer are two
    private const int HeaderEnd = 0x40;

    private readonly List<PciCapability> _capabilities = [];
    private readonly List<string> _warnings = [];
    private readonly HashSet<int> _seen = [];
    private int _expressType = -1;
    private int _linkWidth;

    internal IReadOnlyList<PciCapability> Capabilities => _capabilities.AsReadOnly();

    internal IReadOnlyList<string> Warnings => _warnings.AsReadOnly();

    internal void Walk()
    {
        if (!config.AsSpan().ContainsAnyExcept((byte)0xff))
        {
            _warnings.Add("every byte is FFh: the device does not answer; it is absent, was removed, or has no power");
            return;
        }

        if (header.HeaderType > HeaderDecoder.CardBus)
        {
            _warnings.Add(
                $"header type {header.HeaderType:x2}h is unknown: only the registers that all types share are decoded");
            return;
        }

        WalkStandard();
        if (config.Length > ExtendedStart)
        {
            WalkExtended();
        }
    }

    private void WalkStandard()
    {
        int start = header.HeaderType == HeaderDecoder.CardBus ? 0x14 : 0x34;
        int from = start;
        if ((header.Status & 0x10) == 0)
        {
            return;
        }

        int at = config[start];
        while (at != 0)
        {
            if ((at & 3) != 0)
            {
                _warnings.Add($"the capability pointer at {from:x2}h is {at:x2}h, not a multiple of 4; its "
                    + $"two lowest bits are ignored");
                at &= ~3;
            }

            if (at == 0 || !CanFollow(from, at, HeaderEnd, StandardHeader))
            {
                return;
            }

            byte id = config[at];
            if (id == 0xff)
            {
                _warnings.Add($"the capability at {at:x2}h has ID FFh: the list is broken there");
                return;
            }

            Add(id, isExtended: false, version: 0, at, CapabilityKind.OfStandard(id));
            from = at + 1;
            at = config[from];
        }
    }

    private void WalkExtended()
    {
        int from = -1;
        int at = ExtendedStart;
        while (CanFollow(from, at, ExtendedStart, 4))
        {
            uint first = BinaryPrimitives.ReadUInt32LittleEndian(config.AsSpan(at));
            if (first is 0 or uint.MaxValue)
            {
                // At 100h this means that the device has no extended capabilities.
                if (from >= 0)
                {
                    _warnings.Add($"the extended capability at {at:x3}h is all {(first == 0 ? "zeros" : "ones")}: the "
                        + $"list is broken there");
                }

                return;
            }

            ushort id = (ushort)first;
            Add(id, isExtended: true, (int)(first >> 16 & 0xf), at, CapabilityKind.OfExtended(id));
            from = at;
            int next = (int)(first >> 20);
            if ((next & 3) != 0)
            {
                _warnings.Add($"the extended capability pointer at {at:x3}h is {next:x3}h, not a multiple of 4; its "
                    + $"two lowest bits are ignored");
                next &= ~3;
            }

            at = next;
            if (at == 0)
            {
                return;
            }
        }
    }

    private bool CanFollow(int from, int at, int lowest, int length)
    {
        string? fault = at < lowest ? lowest == HeaderEnd ? "into the header" : "below 100h, into the standard list"
            : at + length > config.Length ? $"beyond the image's {config.Length} "
                + $"bytes{(config.Length == PciConfigHeader.Length ? " (only root can read more than 64)" : "")}"
            : !_seen.Add(at) ? "to a capability that was read before: the list is a loop"
            : null;
        if (fault is not null)
        {
            _warnings.Add(from < 0
                ? $"the extended list starts {fault}"
                : $"the capability pointer at {from:x2}h leads to {at:x2}h, {fault}");
        }

        return fault is null;
    }

    private void Add(ushort id, bool isExtended, int version, int at, CapabilityKind kind)
    {
        CapabilityReader reader = new(config, at, _expressType, _linkWidth);
        if (kind.Decode is not null)
        {
            kind.Decode(reader);
        }
        else if (!isExtended)
        {
            reader.Read(SimpleCapabilities.Flags);
        }

        _expressType = reader.ExpressType;
        _linkWidth = reader.LinkWidth;
        _capabilities.Add(new PciCapability(id, isExtended, version, kind, reader));
        if (reader.IsTruncated)
        {
            _warnings.Add($"the {kind.Name} capability at {at:x2}h reaches beyond the image's {config.Length} bytes: "
                + $"the rest of it is not decoded");
        }
    }
}
