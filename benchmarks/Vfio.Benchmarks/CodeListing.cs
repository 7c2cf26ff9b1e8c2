using System.Text.RegularExpressions;

namespace Vfio.Benchmarks;

/// <summary>Represents one method in the runtime's listing of compiled code (DOTNET_JitDisasm), for x86-64.</summary>
internal sealed partial class CodeListing
{
    private const int MostSteps = 1000; // on a path through a method, because a loop may be endless

    private readonly List<string> _instructions = [];
    private readonly Dictionary<string, int> _labels = [];

    private CodeListing(string method, string tier) => (Method, Tier) = (method, tier);

    /// <summary>Gets the name of the method, without its class.</summary>
    public string Method { get; }

    /// <summary>Gets how it was compiled: Tier0, Tier1, FullOpts…</summary>
    public string Tier { get; }

    public static IReadOnlyList<CodeListing> Parse(string text)
    {
        List<CodeListing> listings = [];
        foreach (string line in text.Split('\n'))
        {
            if (Head().Match(line) is { Success: true } head)
            {
                listings.Add(new CodeListing(head.Groups[1].Value, head.Groups[2].Value));
            }
            else if (listings.Count != 0)
            {
                listings[^1].Add(line);
            }
        }

        return listings;
    }

    /// <summary>
    /// Returns every path through the method that ends in its own return, as a list of instructions in order. Paths
    /// that contain a call are left out.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string>> FindWaysWithoutCall()
    {
        List<IReadOnlyList<string>> ways = [];
        Follow(0, [], ways);
        return ways;
    }

    private void Add(string line)
    {
        if (Label().Match(line) is { Success: true } label)
        {
            _labels[label.Groups[1].Value] = _instructions.Count;
        }
        else if (Instruction().Match(line) is { Success: true } instruction)
        {
            _instructions.Add(instruction.Groups[1].Value.Trim());
        }
    }

    private void Follow(int at, List<string> way, List<IReadOnlyList<string>> ways)
    {
        while (true)
        {
            if (at >= _instructions.Count || way.Count > MostSteps)
            {
                throw new InvalidDataException($"{Method}: the code has no end");
            }

            string instruction = _instructions[at++];
            way.Add(instruction);
            if (instruction.StartsWith("ret", StringComparison.Ordinal))
            {
                ways.Add(way);
                return;
            }

            if (Leave().IsMatch(instruction))
            {
                return;
            }

            if (Jump().Match(instruction) is { Success: true } jump)
            {
                int target = _labels[jump.Groups[2].Value];
                if (jump.Groups[1].Value == "jmp")
                {
                    at = target;
                }
                else
                {
                    Follow(target, [.. way], ways);
                }
            }
        }
    }

    [GeneratedRegex(@"^; Assembly listing for method [\w.]+:(\w+)\(.*\((.+)\)\s*$")]
    private static partial Regex Head();

    [GeneratedRegex(@"^(G_M\d+_IG\d+):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^\s+([a-z][^;]*)")]
    private static partial Regex Instruction();

    [GeneratedRegex(@"^(j[a-z]+)\s+(?:SHORT\s+)?(G_M\d+_IG\d+)")]
    private static partial Regex Jump();

    [GeneratedRegex(@"^(call|tail\.jmp|jmp\s+(?!\s|SHORT|G_M)|rex\.jmp|int3)")]
    private static partial Regex Leave();
}
