using System.Diagnostics;
using System.Globalization;

namespace Vfio.Machine.Tests;

/// <summary>
/// Kills, ends and stops bind, release and run at random moments, the tool or its child, for one kind of device after
/// the other. A single "vfio release --all" then restores the host.
/// </summary>
public sealed class InterruptedRoundsTests : HostTest
{
    private const int MostMilliseconds = 400;

    private static readonly int Rounds = Machine.IsSoak ? 100 : 20;

    private static readonly string[] Devices =
    [
        Machine.Edu, Machine.Nic, Machine.Nvme, Machine.Bochs, Machine.VirtioNet, Machine.TestDevice, Machine.SecondNic,
    ];

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
            string what = string.Create(
                CultureInfo.InvariantCulture,
                $"seed {seed}, round {round}: {string.Join(' ', command)}, {signal} to "
                + $"{(isChild ? "the children" : "the tool")}");
            using (Process tool = Machine.Start(Machine.Tool, command))
            {
                Thread.Sleep(random.Next(MostMilliseconds));
                string[] targets = isChild
                    ? [.. Machine.Shell($"pgrep -P {tool.Id}").Output
                        .Split('\n', StringSplitOptions.RemoveEmptyEntries)]
                    : [$"{tool.Id}"];
                Machine.Shell($"kill -{signal} {string.Join(' ', targets)}");
                // A process that was stopped, or that nothing would end, is ended as by a person who gives up; its
                // child is not touched.
                if (!tool.WaitForExit(MostMilliseconds))
                {
                    tool.Kill();
                }

                Assert.True(tool.WaitForExit(Machine.Patience), what);
            }

            // A stopped guardian continues when a person resumes it; a process that writes to the kernel stays stopped.
            Machine.Shell("pkill -CONT -f '[v]fio guard' || true");

            Result release = Machine.Vfio("release", "--all", "--timeout", "60");
            // The guardian of "run" whose supervisor has ended ends the command, and releases the device itself.
            Assert.True(Machine.Becomes(() => Leftovers().Length == 0), $"{what}\n{Leftovers()}");
            Assert.True(Machine.Becomes(() => HostSnapshot.Take() == Before), $"{what}\n{release}\n{Differences()}");
        }
    }

    private string Differences() =>
        string.Join('\n', HostSnapshot.Take()
            .Split('\n')
            .Except(Before.Split('\n'))
            .Select(line => $"now {line}")
            .Concat(Before.Split('\n').Except(HostSnapshot.Take().Split('\n')).Select(line => $"before {line}")));

    // Processes of the tool, its processes that are blocked in the kernel, and the locks that only the tool uses. No
    // process is started for that, because it is checked often.
    private static string Leftovers()
    {
        IEnumerable<string> processes = Directory.EnumerateDirectories("/proc")
            .Where(folder => int.TryParse(Path.GetFileName(folder), out _))
            .Select(folder => (Command: Read($"{folder}/cmdline").Replace('\0', ' '), Status: Read($"{folder}/stat")))
            .Where(process => process.Command.StartsWith(Machine.Tool, StringComparison.Ordinal)
                || process.Status.Contains("(vfio) D ", StringComparison.Ordinal))
            .Select(process => $"{process.Command}: {process.Status}");
        return string.Join('\n', processes.Concat(
            Read("/proc/locks").Split('\n').Where(line => line.Contains("OFDLCK", StringComparison.Ordinal))));
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
