using System.Diagnostics;

namespace Vfio.Conformance.Tests;

/// <summary>What a program does that is killed half way. Started by <see cref="MigrationTests"/> alone.</summary>
public sealed class MigrationVictim
{
    private const string Variable = "VFIO_TEST_MDEV";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private static string FilePath => Path.Combine(Path.GetTempPath(), $"vfio-half-way-{Environment.GetEnvironmentVariable(Variable)}");

    [Fact(Explicit = true)]
    public void A_save_is_killed()
    {
        using VfioDevice device = Open();
        device.Migration.SaveTo(Stream.Null, new MigrationOptions { Progress = new Waiter() }, TestContext.Current.CancellationToken);
    }

    [Fact(Explicit = true)]
    public void A_restore_is_killed()
    {
        using VfioDevice device = Open();
        using MemoryStream saved = new();
        device.Migration.SaveTo(saved, cancellation: TestContext.Current.CancellationToken);
        saved.Position = 0;
        device.Migration.RestoreFrom(saved, new MigrationOptions { Progress = new Waiter() }, TestContext.Current.CancellationToken);
    }

    public static Process Start(string method, Guid mdev)
    {
        ProcessStartInfo start = new(
            Environment.ProcessPath!, ["-noLogo", "-noColor", "-explicit", "only", "-method", $"{typeof(MigrationVictim).FullName}.{method}"])
        {
            RedirectStandardOutput = true,
        };
        start.Environment[Variable] = mdev.ToString();
        return Process.Start(start)!;
    }

    public static bool IsHalfWay(Process victim)
    {
        string path = Path.Combine(Path.GetTempPath(), $"vfio-half-way-{victim.StartInfo.Environment[Variable]}");
        // Asleep in between: the machine has one processor, and the victim needs it.
        for (TimeSpan waited = TimeSpan.Zero; !File.Exists(path) && !victim.HasExited && waited < Patience; waited += Step)
        {
            Thread.Sleep(Step);
        }

        return File.Exists(path);
    }

    private static VfioDevice Open() => VfioDevice.OpenMediated(Guid.Parse(Environment.GetEnvironmentVariable(Variable)!));

    private sealed class Waiter : IProgress<MigrationProgress>
    {
        public void Report(MigrationProgress value)
        {
            File.WriteAllText(FilePath, "");
            Thread.Sleep(Timeout.Infinite);
        }
    }
}
