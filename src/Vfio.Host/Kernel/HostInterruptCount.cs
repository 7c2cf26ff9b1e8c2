using System.Globalization;

namespace Vfio.Host;

/// <summary>How often an interrupt of the host has come since it was set up (<c>/proc/interrupts</c>).</summary>
internal sealed record HostInterruptCount
{
    /// <summary>The host's number of it.</summary>
    public required int Number { get; init; }

    /// <summary>Who has it, as its driver says: <c>vfio-msix[0](0000:00:14.3)</c>, <c>eth0-rx-0</c>; without control characters.</summary>
    public required string Name { get; init; }

    /// <summary>How often, on all processors.</summary>
    public required ulong Count { get; init; }

    /// <summary>Counts interrupts of the host.</summary>
    /// <param name="host">Whose <c>/proc</c>.</param>
    /// <param name="numbers">Which; <see cref="PciDeviceDetails.MessageInterrupts"/> and <see cref="PciDeviceDetails.Interrupt"/> are a device's.</param>
    /// <returns>Those that somebody has, ascending.</returns>
    public static IReadOnlyList<HostInterruptCount> Read(HostRoot host, IReadOnlyCollection<int> numbers)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(numbers);
        if (numbers.Count == 0)
        {
            return [];
        }

        IReadOnlyList<(int Number, string[] Words)> lines = HostInterrupts.ReadTable(host, out int processors);
        return [.. lines.Where(line => numbers.Contains(line.Number)).Select(line => Parse(line.Number, line.Words, processors)).OfType<HostInterruptCount>().OrderBy(count => count.Number)];
    }

    private static HostInterruptCount? Parse(int number, string[] words, int processors)
    {
        // Counts, controller, how it is triggered, names.
        if (words.Length < processors + 3)
        {
            return null;
        }

        ulong sum = 0;
        foreach (string word in words.AsSpan(0, processors))
        {
            if (!ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out ulong count))
            {
                return null;
            }

            sum += count;
        }

        string name = string.Join(' ', words[(processors + 2)..]);
        return new HostInterruptCount
        {
            Number = number,
            Name = string.Concat(name.Select(c => char.IsControl(c) ? '?' : c)),
            Count = sum,
        };
    }
}
