using System.Diagnostics;
using System.Globalization;

namespace Vfio.Machine.Tests;

/// <summary>
/// Bind, release and run, killed, ended and stopped at random moments, the tool or its child, on one kind of device after the other: a single
/// "vfio release --all" then restores the host.
/// </summary>
public sealed class InterruptedRoundsTests : HostTest
{
    private const int MostMilliseconds = 400;

    private static readonly int Rounds = Machine.IsSoak ? 100 : 20;

    private static readonly string[] Devices = [Machine.Edu, Machine.Nic, Machine.Nvme, Machine.Bochs, Machine.VirtioNet, Machine.TestDevice, Machine.SecondNic];

    [Fact]
    public void One_release_restores_the_host()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        for (int round = 0; round < Rounds; round++)
        {
            string device = Devices[round % Devices.Length];
            string[] command = (round % 3) switch
            {
                0 => ["bind", device],
                1 => ["release", device],
                _ => ["run", device, "--", "sleep", "600"],
            };
            if (round % 3 == 1)
            {
                Machine.Vfio("bind", device).Succeeded();
            }

            string signal = ((string[])["KILL", "TERM", "STOP"])[random.Next(3)];
            bool isChild = random.Next(2) == 0;
            string what = string.Create(CultureInfo.InvariantCulture, $"seed {seed}, round {round}: {string.Join(' ', command)}, {signal} to {(isChild ? "the children" : "the tool")}");
            using (Process tool = Machine.Start(Machine.Tool, command))
            {
                Thread.Sleep(random.Next(MostMilliseconds));
                string[] targets = isChild ? [.. Machine.Shell($"pgrep -P {tool.Id}").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)] : [$"{tool.Id}"];
                Machine.Shell($"kill -{signal} {string.Join(' ', targets)}");
                // What is stopped, or has nothing to end it, ends as when a person gives it up; its child is left as it is.
                if (!tool.WaitForExit(MostMilliseconds))
                {
                    tool.Kill();
                }

                Assert.True(tool.WaitForExit(Machine.Patience), what);
            }

            // A guardian that was stopped goes on when a person lets it; what writes to the kernel stays stopped.
            Machine.Shell("pkill -CONT -f '[v]fio guard' || true");

            Result release = Machine.Vfio("release", "--all", "--timeout", "60");
            // A guardian of "run" whose command was left alone ends it, and releases the device itself.
            Assert.True(Machine.Becomes(() => Leftovers().Length == 0), $"{what}\n{Leftovers()}");
            Assert.True(Machine.Becomes(() => HostSnapshot.Take() == Before), $"{what}\n{release}\n{Differences()}");
        }
    }

    private string Differences() =>
        string.Join('\n', HostSnapshot.Take().Split('\n').Except(Before.Split('\n')).Select(line => $"now {line}").Concat(Before.Split('\n').Except(HostSnapshot.Take().Split('\n')).Select(line => $"before {line}")));

    // Processes of the tool's, processes of its that are blocked in the kernel, and locks as only the tool takes them. Without starting a process: it is looked for often.
    private static string Leftovers()
    {
        IEnumerable<string> processes = Directory.EnumerateDirectories("/proc")
            .Where(folder => int.TryParse(Path.GetFileName(folder), out _))
            .Select(folder => (Command: Read($"{folder}/cmdline").Replace('\0', ' '), Status: Read($"{folder}/stat")))
            .Where(process => process.Command.StartsWith(Machine.Tool, StringComparison.Ordinal) || process.Status.Contains("(vfio) D ", StringComparison.Ordinal))
            .Select(process => $"{process.Command}: {process.Status}");
        return string.Join('\n', processes.Concat(Read("/proc/locks").Split('\n').Where(line => line.Contains("OFDLCK", StringComparison.Ordinal))));
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return ""; // the process has ended
        }
    }
}
