using Vfio.Pci;

namespace Vfio.Conformance.Tests;

/// <summary>Writes data to a serial port with two lines and checks it; and reads out its state.</summary>
internal static class MttyState
{
    private static readonly byte[] Sent = "0123456789abcde"u8.ToArray();

    public static void Fill(VfioDevice device)
    {
        using Region port = device.OpenRegion(RegionIndex.Bar0);
        using Region second = device.OpenRegion(RegionIndex.Bar1);
        Mtty.Receive(port);
        port.WriteByte(Mtty.LineControl, 0x1b);
        port.WriteByte(Mtty.Scratch, 0xc3);
        second.WriteByte(Mtty.Scratch, 0x3c);
        Mtty.Send(port, Sent);
    }

    public static void Check(VfioDevice device)
    {
        using Region port = device.OpenRegion(RegionIndex.Bar0);
        using Region second = device.OpenRegion(RegionIndex.Bar1);
        Assert.Equal(
            (0x1b, 0xc3, 0x3c),
            (port.ReadByte(Mtty.LineControl), port.ReadByte(Mtty.Scratch), second.ReadByte(Mtty.Scratch)));
        Assert.Equal(Sent, Mtty.Receive(port));
    }

    public static byte[] Save(VfioDevice device, MigrationState end = MigrationState.Stop)
    {
        using MemoryStream file = new();
        device.GetMigration()
            .SaveTo(file, new MigrationOptions { FinalState = end }, TestContext.Current.CancellationToken);
        return file.ToArray();
    }

    // The data of the driver, without our format.
    public static byte[] Raw(DeviceMigration migration)
    {
        using MemoryStream state = new();
        byte[] buffer = new byte[64];
        migration.SetState(MigrationState.StopCopy);
        for (int count; (count = migration.ReadData(buffer)) != 0;)
        {
            state.Write(buffer, 0, count);
        }

        migration.SetState(MigrationState.Running);
        return state.ToArray();
    }
}
