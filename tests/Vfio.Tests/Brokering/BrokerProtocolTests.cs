using System.Buffers.Binary;
using Vfio.Pci;

namespace Vfio.Tests;

public sealed class BrokerProtocolTests
{
    private static readonly PciAddress Device = PciAddress.Parse("abcd:12:1f.7");

    [Fact]
    public void A_request_is_read_as_it_was_written()
    {
        Span<byte> message = stackalloc byte[BrokerProtocol.RequestBytes];
        BrokerProtocol.WriteRequest(message, new BrokerRequest(Device, BrokerBackend.Group));
        Assert.Equal("5642524B010001001800000000000000CDAB0000121F0702", Convert.ToHexString(message));
        Assert.Null(BrokerProtocol.ReadRequest(message, out BrokerRequest request));
        Assert.Equal(new BrokerRequest(Device, BrokerBackend.Group), request);
    }

    [Fact]
    public void A_grant_is_read_as_it_was_written()
    {
        Span<byte> message = stackalloc byte[BrokerProtocol.GrantBytes];
        BrokerProtocol.WriteGrant(message, new BrokerGrant(BrokerBackend.Iommufd, 17));
        Assert.Null(BrokerProtocol.ReadAnswer(message, out BrokerGrant grant));
        Assert.Equal(new BrokerGrant(BrokerBackend.Iommufd, 17), grant);
    }

    [Theory]
    [InlineData("no rule allows it")]
    [InlineData("")]
    [InlineData("Grüße 🚀")]
    public void A_refusal_is_read_as_it_was_written(string reason)
    {
        byte[] message = new byte[BrokerProtocol.MostBytes];
        int length = BrokerProtocol.WriteRefusal(message, new BrokerRefusal(BrokerRefusalCode.Busy, reason));
        Assert.Equal(
            new BrokerRefusal(BrokerRefusalCode.Busy, reason),
            BrokerProtocol.ReadAnswer(message.AsSpan(0, length), out _));
    }

    [Fact]
    public void A_long_reason_is_cut_between_characters()
    {
        byte[] message = new byte[BrokerProtocol.MostBytes];
        int length = BrokerProtocol.WriteRefusal(
            message, new BrokerRefusal(BrokerRefusalCode.Failed, string.Concat(Enumerable.Repeat("🚀", 1000))));
        Assert.InRange(length, BrokerProtocol.MostBytes - 4, BrokerProtocol.MostBytes);
        string reason = BrokerProtocol.ReadAnswer(message.AsSpan(0, length), out _)!.Reason;
        Assert.DoesNotContain('\ufffd', reason);
    }

    [Fact]
    public void A_reason_does_not_control_the_terminal()
    {
        byte[] message = new byte[BrokerProtocol.MostBytes];
        int length = BrokerProtocol.WriteRefusal(message, new BrokerRefusal(BrokerRefusalCode.Failed, "a\u001b[2J\nb"));
        Assert.Equal("a?[2J?b", BrokerProtocol.ReadAnswer(message.AsSpan(0, length), out _)!.Reason);
    }

    [Theory]
    [InlineData(0, 0xff, "begin")] // magic
    [InlineData(4, 2, "version 2")]
    [InlineData(6, 3, "is not a request")] // type
    [InlineData(6, 9, "is not a request")]
    [InlineData(8, 25, "header gives")] // length
    [InlineData(11, 0xff, "header gives")]
    [InlineData(12, 1, "reserved")]
    [InlineData(21, 32, "range")] // device
    [InlineData(22, 8, "range")] // function
    [InlineData(23, 3, "range")] // backend
    public void A_request_with_a_wrong_byte_is_refused(int at, byte value, string reason)
    {
        byte[] message = Request();
        message[at] = value;
        Assert.Contains(reason, BrokerProtocol.ReadRequest(message, out _)?.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_that_is_too_short_or_too_long_is_refused()
    {
        byte[] message = [.. Request(), .. new byte[100]];
        for (int length = 0; length < message.Length; length++)
        {
            byte[] cut = message[..length];
            Assert.Equal(length == BrokerProtocol.RequestBytes, BrokerProtocol.ReadRequest(cut, out _) is null);
            if (length >= BrokerProtocol.HeaderBytes)
            {
                // Also if the header agrees.
                BinaryPrimitives.WriteUInt32LittleEndian(cut.AsSpan(8), (uint)length);
                Assert.Equal(length == BrokerProtocol.RequestBytes, BrokerProtocol.ReadRequest(cut, out _) is null);
            }
        }
    }

    [Fact]
    public void Whatever_comes_is_read_or_refused()
    {
        Random random = new(7);
        byte[] refusal = new byte[BrokerProtocol.MostBytes];
        refusal = refusal[..BrokerProtocol.WriteRefusal(refusal, new BrokerRefusal(BrokerRefusalCode.Busy, "held"))];
        int good = 0;
        for (int i = 0; i < 100_000; i++)
        {
            byte[] message = (i % 3) switch { 0 => Request(), 1 => [.. refusal], _ => new byte[random.Next(64)] };
            if (i % 3 == 2)
            {
                random.NextBytes(message);
            }
            else
            {
                message[random.Next(message.Length)] = (byte)random.Next(256);
            }

            good += BrokerProtocol.ReadRequest(message, out _) is null ? 1 : 0;
            _ = BrokerProtocol.ReadAnswer(message, out _);
        }

        // Those whose byte was part of the address, or did not change.
        Assert.InRange(good, 1, 20_000);
    }

    private static byte[] Request()
    {
        byte[] message = new byte[BrokerProtocol.RequestBytes];
        BrokerProtocol.WriteRequest(message, new BrokerRequest(Device, BrokerBackend.Any));
        return message;
    }
}
