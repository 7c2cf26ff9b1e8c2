using System.Globalization;
using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Reads and changes the host's side of a device's interrupts: <c>/proc/interrupts</c> and
/// <c>/proc/irq/N/smp_affinity_list</c>.
/// </summary>
internal sealed class HostInterrupts(HostRoot host, PciAddress address)
{
    private const int MostProcessors = 65536;

    /// <summary>
    /// Finds the number of a vector on the host; vfio-pci names each by its type, its number and the device.
    /// </summary>
    public int Find(IrqIndex index, int subindex)
    {
        string name = index switch
        {
            IrqIndex.Intx => $"vfio-intx({address})",
            IrqIndex.Msi => $"vfio-msi[{subindex}]({address})",
            IrqIndex.Msix => $"vfio-msix[{subindex}]({address})",
            _ => throw new NotSupportedException(
                $"{index} of {address} is reported by the kernel and not by an interrupt, so it has no processor"),
        };
        foreach ((int number, string[] words) in ReadTable(host, out _))
        {
            // A shared line has several names, separated by commas.
            if (Array.Exists(words, word => word.Split(',').Contains(name)))
            {
                return number;
            }
        }

        throw new VfioException(
            "find",
            name,
            "it is not in /proc/interrupts",
            "the vector may just have been disabled; in a container, /proc may be that of another namespace");
    }

    /// <summary>Reads the lines of <c>/proc/interrupts</c> that have a number.</summary>
    /// <param name="host">The host.</param>
    /// <param name="processors">The number of words in each line that are counts.</param>
    /// <returns>The number, and the words after the counts.</returns>
    internal static IReadOnlyList<(int Number, string[] Words)> ReadTable(HostRoot host, out int processors)
    {
        string[] lines = SysfsFile.ReadLines(host.Combine("proc/interrupts"));
        // The first line names the processors.
        processors = lines.Length == 0 ? 0 : Split(lines[0]).Length;
        List<(int, string[])> table = [];
        foreach (string line in lines.Skip(1))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0
                && int.TryParse(
                    line.AsSpan(0, colon).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                table.Add((number, Split(line[(colon + 1)..])));
            }
        }

        return table;

        static string[] Split(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    public IReadOnlyList<int> GetAffinity(int number)
    {
        string path = PathOf(number);
        return Parse(SysfsFile.Read(path) ?? throw new VfioException("read", path, "it cannot be read"))
            ?? throw new VfioException("read", path, "it is not a list of processors");
    }

    public void SetAffinity(int number, ReadOnlySpan<int> processors)
    {
        if (processors.IsEmpty || processors.ContainsAnyExceptInRange(0, MostProcessors - 1))
        {
            throw new ArgumentException(
                "an interrupt needs at least one processor; processors are numbered from 0", nameof(processors));
        }

        string path = PathOf(number);
        int errno = SysfsFile.Write(path, string.Join(',', processors.ToArray()));
        if (errno != 0)
        {
            throw new VfioException("write", path, errno, errno switch
            {
                Errno.EACCES or Errno.EPERM => "only root may choose the processor of an interrupt",
                Errno.EINVAL or Errno.EOVERFLOW => "none of these processors is online",
                Errno.EIO => "the interrupt cannot be moved: its controller or the kernel (isolcpus, managed "
                    + "interrupts) fixes its processor",
                _ => null,
            });
        }
    }

    /// <summary>Reads <c>0-3,8</c>.</summary>
    /// <returns>Null if the text is not such a list.</returns>
    internal static List<int>? Parse(string text)
    {
        List<int> processors = [];
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2
                || !TryParse(ends[0], out int first)
                || !TryParse(ends[^1], out int last)
                || first > last)
            {
                return null;
            }

            processors.AddRange(Enumerable.Range(first, last - first + 1));
        }

        return processors;
    }

    private static bool TryParse(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < MostProcessors;

    private string PathOf(int number) =>
        host.Combine(string.Create(CultureInfo.InvariantCulture, $"proc/irq/{number}/smp_affinity_list"));
}
