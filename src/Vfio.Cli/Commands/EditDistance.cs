namespace Vfio.Cli;

/// <summary>
/// Computes how different two words are: the Levenshtein distance, which counts insertions, deletions and replacements.
/// </summary>
internal static class EditDistance
{
    /// <summary>Returns the distance. The running time is proportional to the product of the lengths.</summary>
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

    /// <summary>
    /// Returns the known word that is most similar to a mistyped one; <see langword="null"/> if none is similar enough.
    /// </summary>
    public static string? Nearest(string word, IEnumerable<string> known) => word.Length > 40 ? null : known
        .Select(name => (Name: name, Distance: Of(name, word)))
        .Where(candidate => candidate.Name.Length > 2 && candidate.Distance <= 1 + (candidate.Name.Length / 4))
        .OrderBy(candidate => candidate.Distance)
        .Select(candidate => candidate.Name)
        .FirstOrDefault();
}
