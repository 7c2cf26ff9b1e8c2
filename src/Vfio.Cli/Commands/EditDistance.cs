namespace Vfio.Cli;

/// <summary>How unlike two words are: Levenshtein's count of insertions, deletions and replacements.</summary>
internal static class EditDistance
{
    /// <summary>The count, for words of any length; the time is the product of their lengths.</summary>
    public static int Of(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[^1];
    }

    /// <summary>The word nearest to one that was mistyped; <see langword="null"/> where none is near.</summary>
    public static string? Nearest(string word, IEnumerable<string> known) => word.Length > 40 ? null : known
        .Select(name => (Name: name, Distance: Of(name, word)))
        .Where(candidate => candidate.Name.Length > 2 && candidate.Distance <= 1 + (candidate.Name.Length / 4))
        .OrderBy(candidate => candidate.Distance)
        .Select(candidate => candidate.Name)
        .FirstOrDefault();
}
