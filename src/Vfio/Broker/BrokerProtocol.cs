using System.Buffers.Binary;
using System.Text;
using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Converts the messages between a client and the broker to bytes and back (docs/broker.md): a header of 16 bytes,
/// always little-endian, and a body whose length follows from the type. It has no state, and treats what it reads as
/// untrusted.
/// </summary>
internal static class BrokerProtocol
{
    /// <summary>The default path of the broker's socket.</summary>
    public const string DefaultSocketPath = "/run/vfio-broker.sock";

    public const uint Magic = 0x4b52_4256; // "VBRK"
    public const ushort Version = 1;
    public const int HeaderBytes = 16;
    public const int RequestBytes = HeaderBytes + 8;
    public const int GrantBytes = HeaderBytes + 8;

    /// <summary>
    /// The length of the longest message of this version. A buffer with one more byte detects longer ones.
    /// </summary>
    public const int MostBytes = 512;

    private const int RefusalBytes = HeaderBytes + 4;

    public static void WriteRequest(Span<byte> message, BrokerRequest request)
    {
        Span<byte> body = WriteHeader(message, BrokerMessageType.Open, RequestBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(body, request.Address.Domain);
        body[4] = request.Address.Bus;
        body[5] = request.Address.Device;
        body[6] = request.Address.Function;
        body[7] = (byte)request.Backend;
    }

    public static void WriteGrant(Span<byte> message, BrokerGrant grant)
    {
        Span<byte> body = WriteHeader(message, BrokerMessageType.Granted, GrantBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(body, (uint)grant.Backend);
        BinaryPrimitives.WriteInt32LittleEndian(body[4..], grant.Group);
    }

    /// <summary>Writes a refusal; a reason that is too long is cut.</summary>
    /// <returns>The length of the message.</returns>
    public static int WriteRefusal(Span<byte> message, BrokerRefusal refusal)
    {
        Span<byte> text = message[RefusalBytes..MostBytes];
        // Whole characters only, so that the text stays valid UTF-8.
        Encoding.UTF8.GetEncoder().Convert(refusal.Reason, text, flush: true, out _, out int bytes, out _);
        Span<byte> body = WriteHeader(message, BrokerMessageType.Refused, RefusalBytes + bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(body, (ushort)refusal.Code);
        BinaryPrimitives.WriteUInt16LittleEndian(body[2..], (ushort)bytes);
        return RefusalBytes + bytes;
    }

    /// <summary>Reads a client's request.</summary>
    /// <returns>What is wrong with it; <see langword="null"/> if it is valid.</returns>
    public static BrokerRefusal? ReadRequest(ReadOnlySpan<byte> message, out BrokerRequest request)
    {
        request = default;
        if (ReadHeader(message, out BrokerMessageType type) is BrokerRefusal refusal)
        {
            return refusal;
        }

        ReadOnlySpan<byte> body = message[HeaderBytes..];
        if (type != BrokerMessageType.Open || message.Length != RequestBytes)
        {
            return Malformed($"a message of type {(ushort)type} and {message.Length} bytes is not a request");
        }

        if (body[5] > PciAddress.MaxDevice || body[6] > PciAddress.MaxFunction || body[7] > (byte)BrokerBackend.Group)
        {
            return Malformed("the request's device or backend is out of range");
        }

        request = new BrokerRequest(
            new PciAddress(BinaryPrimitives.ReadUInt32LittleEndian(body), body[4], body[5], body[6]),
            (BrokerBackend)body[7]);
        return null;
    }

    /// <summary>Reads the broker's answer.</summary>
    /// <returns>
    /// The refusal, also if the answer is invalid; <see langword="null"/> if the request was granted.
    /// </returns>
    public static BrokerRefusal? ReadAnswer(ReadOnlySpan<byte> message, out BrokerGrant grant)
    {
        grant = default;
        if (ReadHeader(message, out BrokerMessageType type) is BrokerRefusal refusal)
        {
            return refusal;
        }

        ReadOnlySpan<byte> body = message[HeaderBytes..];
        switch (type)
        {
            case BrokerMessageType.Granted when message.Length == GrantBytes:
                grant = new BrokerGrant(
                    (BrokerBackend)BinaryPrimitives.ReadUInt32LittleEndian(body),
                    BinaryPrimitives.ReadInt32LittleEndian(body[4..]));
                return grant.Backend is BrokerBackend.Iommufd or BrokerBackend.Group
                    ? null
                    : Malformed("the answer's backend is out of range");
            case BrokerMessageType.Refused when message.Length >= RefusalBytes
                && BinaryPrimitives.ReadUInt16LittleEndian(body[2..]) == message.Length - RefusalBytes:
                return new BrokerRefusal(
                    (BrokerRefusalCode)BinaryPrimitives.ReadUInt16LittleEndian(body),
                    Clean(Encoding.UTF8.GetString(body[4..])));
            default:
                return Malformed($"a message of type {(ushort)type} and {message.Length} bytes is not an answer");
        }
    }

    // The other side's text must not control a terminal.
    private static string Clean(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        for (int i = 0; i < span.Length; i++)
        {
            span[i] = char.IsControl(source[i]) ? '?' : source[i];
        }
    });

    private static Span<byte> WriteHeader(Span<byte> message, BrokerMessageType type, int length)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(message, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(message[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(message[6..], (ushort)type);
        BinaryPrimitives.WriteUInt32LittleEndian(message[8..], (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(message[12..], 0);
        return message[HeaderBytes..length];
    }

    private static BrokerRefusal? ReadHeader(ReadOnlySpan<byte> message, out BrokerMessageType type)
    {
        type = default;
        if (message.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(message) != Magic)
        {
            return Malformed("the message does not begin as messages of this protocol do");
        }

        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(message[4..]);
        if (version != Version)
        {
            return new BrokerRefusal(
                BrokerRefusalCode.Version,
                $"the message has version {version} of the protocol, and this side supports {Version}");
        }

        type = (BrokerMessageType)BinaryPrimitives.ReadUInt16LittleEndian(message[6..]);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(message[8..]);
        return length != (uint)message.Length || BinaryPrimitives.ReadUInt32LittleEndian(message[12..]) != 0
            ? Malformed(
                $"the header gives a length of {length} bytes but the message has {message.Length}, or a "
                + $"reserved field is not 0")
            : null;
    }

    private static BrokerRefusal Malformed(string reason) => new(BrokerRefusalCode.Malformed, reason);
}
