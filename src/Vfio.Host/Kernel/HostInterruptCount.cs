using System.Globalization;

namespace Vfio.Host;

/// <summary>
/// The number of times that an interrupt of the host has occurred since it was set up (<c>/proc/interrupts</c>).
/// </summary>
internal sealed record HostInterruptCount
{
    /// <summary>The host's number for the interrupt.</summary>
    public required int Number { get; init; }

    /// <summary>
    /// The name that its driver gave it: <c>vfio-msix[0](0000:00:14.3)</c>, <c>eth0-rx-0</c>; control characters are
    /// replaced.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>Gets how often it occurred, on all processors together.</summary>
    public required ulong Count { get; init; }

    /// <summary>Counts interrupts of the host.</summary>
    /// <param name="host">The host whose <c>/proc</c> is read.</param>
    /// <param name="numbers">
    /// The interrupts; <see cref="PciDeviceDetails.MessageInterrupts"/> and <see cref="PciDeviceDetails.Interrupt"/>
    /// are those of a device.
    /// </param>
    /// <returns>The interrupts that are in use, ascending.</returns>
    public static IReadOnlyList<HostInterruptCount> Read(HostRoot host, IReadOnlyCollection<int> numbers)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(numbers);
        if (numbers.Count == 0)
        {
            return [];
        }

        IReadOnlyList<(int Number, string[] Words)> lines = HostInterrupts.ReadTable(host, out int processors);
        return [.. lines.Where(line => numbers.Contains(line.Number))
            .Select(line => Parse(line.Number, line.Words, processors))
            .OfType<HostInterruptCount>()
            .OrderBy(count => count.Number)];
    }

    private static HostInterruptCount? Parse(int number, string[] words, int processors)
    {
        // The columns are the counts, the controller, the trigger type and the names.
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
