using System.Globalization;
using Vfio.Sysfs;

namespace Vfio;

/// <summary>How often an interrupt of the host has come since it was set up (<c>/proc/interrupts</c>).</summary>
/// <param name="Number">The host's number of it.</param>
/// <param name="Name">Who has it, as its driver says: <c>vfio-msix[0](0000:00:14.3)</c>, <c>eth0-rx-0</c>; without control characters.</param>
/// <param name="Count">How often, on all processors.</param>
public sealed record HostInterruptCount(int Number, string Name, ulong Count)
{
    /// <summary>Counts interrupts of the host.</summary>
    /// <param name="host">Whose <c>/proc</c>.</param>
    /// <param name="numbers">Which; <see cref="PciDeviceDetails.MessageInterrupts"/> and <see cref="PciDeviceDetails.Interrupt"/> are a device's.</param>
    /// <returns>Those that somebody has, ascending.</returns>
    public static IReadOnlyList<HostInterruptCount> Read(HostRoot host, IReadOnlyCollection<int> numbers)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(numbers);
        string[] lines = numbers.Count == 0 ? [] : SysfsFile.ReadLines(host.Combine("proc/interrupts"));
        // The first line names the processors: so many counts stand in each of the others.
        int processors = lines.Length == 0 ? 0 : lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        return [.. lines.Skip(1).Select(line => Parse(line, processors)).OfType<HostInterruptCount>().Where(count => numbers.Contains(count.Number)).OrderBy(count => count.Number)];
    }

    private static HostInterruptCount? Parse(string line, int processors)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // Number, counts, controller, how it is triggered, names.
        if (words.Length < processors + 4 || !int.TryParse(words[0].TrimEnd(':'), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return null;
        }

        ulong sum = 0;
        foreach (string word in words.AsSpan(1, processors))
        {
            if (!ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out ulong count))
            {
                return null;
            }

            sum += count;
        }

        string name = string.Join(' ', words[(processors + 3)..]);
        return new HostInterruptCount(number, string.Concat(name.Select(c => char.IsControl(c) ? '?' : c)), sum);
    }
}
