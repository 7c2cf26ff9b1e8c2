namespace Vfio.Conformance.Tests;

/// <summary>
/// Defines the registers of a port of mtty, which are those of a 16550 ("PC16550D", table II). It receives what it
/// sends, up to 16 bytes.
/// </summary>
internal static class Mtty
{
    public const ulong Data = 0;
    public const ulong InterruptEnable = 1;
    public const ulong FifoControl = 2;
    public const ulong LineControl = 3;
    public const ulong ModemControl = 4;
    public const ulong LineStatus = 5;
    public const ulong Scratch = 7;
    private const byte DataReady = 0x01;

    public static void LoopBack(Region port, params byte[] data)
    {
        Send(port, data);
        Assert.Equal(data, Receive(port));
    }

    public static void Send(Region port, params byte[] data)
    {
        port.WriteByte(FifoControl, 0x01);
        foreach (byte value in data)
        {
            port.WriteByte(Data, value);
        }
    }

    public static byte[] Receive(Region port)
    {
        List<byte> received = [];
        while ((port.ReadByte(LineStatus) & DataReady) != 0)
        {
            Assert.True(received.Count < 64);
            received.Add(port.ReadByte(Data));
        }

        return [.. received];
    }
}
