using System.Text.RegularExpressions;

namespace Vfio.Benchmarks;

/// <summary>
/// Checks that an access of a mapped region, of a buffer or of a ring is one bounds check and one load or store: the
/// path through the method without a call has one comparison, one conditional jump, and one memory access outside the
/// object, which has the right width.
/// </summary>
internal static partial class DisassemblyJudge
{
    private const int Methods = 26; // of SingleAccess
    private const int RefusedMethods = 4;
    private const int MostFields = 2; // fields of the object: the length and the address

    /// <returns>The exit code: 1 if the code is not as expected, or if a method that must be refused is not.</returns>
    public static int Run(string text)
    {
        List<CodeListing> final = [.. CodeListing.Parse(text).Where(listing => listing.Tier is "Tier1" or "FullOpts")];
        bool isRight = true;
        foreach (CodeListing listing in final)
        {
            bool isToBeRefused = listing.Method.StartsWith("Refused", StringComparison.Ordinal);
            string? fault = FindFault(listing);
            isRight &= isToBeRefused == (fault is not null);
            string verdict = (isToBeRefused, fault) switch
            {
                (false, null) => "ok    one check, one access",
                (true, null) => "FAIL  must be refused, and was not",
                (true, _) => $"ok    refused, as expected: {fault}",
                _ => $"FAIL  {fault}",
            };
            Console.WriteLine($"{listing.Tier,-9} {listing.Method,-21} {verdict}");
        }

        foreach (IGrouping<string, CodeListing> tier in final.GroupBy(listing => listing.Tier))
        {
            int refused = tier.Count(listing => listing.Method.StartsWith("Refused", StringComparison.Ordinal));
            isRight &= refused == RefusedMethods && tier.Count() - refused == Methods;
        }

        if (!isRight || final.Count == 0)
        {
            Console.WriteLine(
                $"FAIL: see above; or there are not {Methods} methods to pass and {RefusedMethods} to refuse");
            return 1;
        }

        Console.WriteLine($"Region.ReadUInt32, mapped ({final[0].Tier}):");
        foreach (string instruction in final.First(listing => listing.Method == nameof(SingleAccess.Read32))
            .FindWaysWithoutCall()[0])
        {
            Console.WriteLine($"    {instruction}");
        }

        return 0;
    }

    /// <returns>What is wrong with the code; <see langword="null"/> if it is as expected.</returns>
    private static string? FindFault(CodeListing listing)
    {
        IReadOnlyList<IReadOnlyList<string>> ways = listing.FindWaysWithoutCall();
        if (ways.Count != 1)
        {
            return $"{ways.Count} paths through it without a call";
        }

        int comparisons = ways[0].Count(instruction => Comparison().IsMatch(instruction));
        int branches = ways[0].Count(instruction => Branch().IsMatch(instruction));
        if (comparisons != 1 || branches != 1)
        {
            return $"{comparisons} comparisons and {branches} conditional jumps";
        }

        (int fields, List<string> accesses) = FindAccesses(ways[0]);
        string width = int.Parse(Digits().Match(listing.Method).Value) switch
        {
            8 => "byte",
            16 => "word",
            32 => "dword",
            _ => "qword",
        };
        return accesses.Count != 1 ? $"{accesses.Count} accesses of the memory"
            : accesses[0] != width ? $"the access is a {accesses[0]}, not a {width}"
            : fields > MostFields ? $"{fields} fields of the object"
            : null;
    }

    // The region is the first argument, in rdi (System V AMD64 ABI, section 3.2.3), and in the registers that it was
    // copied to.
    private static (int Fields, List<string> Accesses) FindAccesses(IReadOnlyList<string> way)
    {
        HashSet<string> region = ["rdi"];
        int fields = 0;
        List<string> accesses = [];
        foreach (string instruction in way)
        {
            if (Memory().Match(instruction) is { Success: true } memory)
            {
                if (region.Contains(memory.Groups[2].Value) && !memory.Groups[3].Success)
                {
                    fields++;
                }
                else
                {
                    accesses.Add(memory.Groups[1].Value);
                }
            }

            if (Target().Match(instruction) is { Success: true } target)
            {
                bool isCopy = region.Contains(target.Groups[3].Value);
                string written = $"r{target.Groups[2].Value}";
                _ = isCopy ? region.Add(written) : region.Remove(written);
            }
        }

        return (fields, accesses);
    }

    [GeneratedRegex(@"^(cmp|test|bt)\b|^(cmov|set)")]
    private static partial Regex Comparison();

    [GeneratedRegex(@"^j(?!mp)")]
    private static partial Regex Branch();

    [GeneratedRegex(@"\b(byte|word|dword|qword|gword)\s+ptr \[(\w+)(\+r\w+|\*)?")]
    private static partial Regex Memory();

    // Matches what an instruction writes: its first operand, by its 64-bit name, and the source if the instruction is a
    // plain copy.
    [GeneratedRegex(@"^(?!cmp|test|push)(mov\s|[a-z]\w*\s)\s*[re](\w+)(?:(?<=^mov\s.*),\s*(r\w+)$)?")]
    private static partial Regex Target();

    [GeneratedRegex(@"\d+$")]
    private static partial Regex Digits();
}
