namespace Vfio.Conformance.Child;

/// <summary>Stops half way in a save or a restore of a mediated device, and waits there to be killed.</summary>
internal static class HalfWay
{
    public static void Save(string id, VfioBackend backend)
    {
        using VfioDevice device = Open(id, backend);
        device.GetMigration().SaveTo(Stream.Null, new MigrationOptions { Progress = new Waiter() });
        throw new InvalidOperationException("the save ended without progress");
    }

    public static void Restore(string id, VfioBackend backend)
    {
        using VfioDevice device = Open(id, backend);
        using MemoryStream saved = new();
        device.GetMigration().SaveTo(saved);
        saved.Position = 0;
        device.GetMigration().RestoreFrom(saved, new MigrationOptions { Progress = new Waiter() });
        throw new InvalidOperationException("the restore ended without progress");
    }

    private static VfioDevice Open(string id, VfioBackend backend) =>
        VfioDevice.OpenMediated(Guid.Parse(id), new VfioOpenOptions { Backend = backend });

    private sealed class Waiter : IProgress<MigrationProgress>
    {
        public void Report(MigrationProgress value)
        {
            Console.WriteLine("half way");
            Thread.Sleep(Timeout.Infinite);
        }
    }
}
