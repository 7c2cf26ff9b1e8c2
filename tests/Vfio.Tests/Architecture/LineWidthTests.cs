using System.Text.RegularExpressions;

namespace Vfio.Tests;

/// <summary>
/// Checks that lines of C# and Markdown end by column 120, except URLs and, in Markdown, tables and code blocks.
/// </summary>
public sealed partial class LineWidthTests
{
    private const int MaxColumns = 120;

    [Fact]
    public void Lines_of_code_are_narrow() => AssertNone("*.cs", FindInCode);

    [Fact]
    public void Lines_of_documentation_are_narrow() => AssertNone("*.md", FindInMarkdown);

    [Theory]
    [InlineData("// W W")]
    [InlineData("/// <summary>W W</summary>")]
    [InlineData("int a = W + W;")]
    [InlineData("F(\"W W\");")]
    [InlineData("string s = \"\"\"\nW W\n\"\"\";")]
    public void A_wide_line_of_code_is_found(string text) => Assert.Single(FindInCode(Widen(text)));

    [Fact]
    public void A_URL_in_code_is_accepted() => Assert.Empty(FindInCode(Widen("// see https://W/W W")));

    [Theory]
    [InlineData("W W")]
    [InlineData("- W W")]
    [InlineData("# W W")]
    [InlineData("```\na\n```\nW W")]
    public void A_wide_line_of_a_page_is_found(string text) => Assert.Single(FindInMarkdown(Widen(text)));

    [Theory]
    [InlineData("| W | W |")]
    [InlineData("```sh\nW W\n```")]
    [InlineData("- a:\n  ````\n  W W\n  ```\n  W W\n  ````")]
    [InlineData("[W](https://W) W")]
    public void A_line_of_a_page_that_cannot_be_broken_is_accepted(string text) =>
        Assert.Empty(FindInMarkdown(Widen(text)));

    private static string Widen(string text) =>
        text.Replace("W", new string('w', MaxColumns), StringComparison.Ordinal);

    private static IEnumerable<string> FindInCode(string text)
    {
        string[] lines = text.Split('\n');
        return
            from i in Enumerable.Range(0, lines.Length)
            where IsWide(lines[i])
            select Describe(lines, i);
    }

    private static IEnumerable<string> FindInMarkdown(string text)
    {
        string[] lines = text.Split('\n');
        string? fence = null;
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].TrimStart();
            if (fence is not null)
            {
                fence = line.StartsWith(fence, StringComparison.Ordinal) ? null : fence;
            }
            else if (Fence().Match(line) is { Success: true } start)
            {
                fence = start.Value;
            }
            else if (IsWide(lines[i]) && !line.StartsWith('|'))
            {
                yield return Describe(lines, i);
            }
        }
    }

    private static bool IsWide(string line) =>
        line.Length > MaxColumns && !line.Contains("://", StringComparison.Ordinal);

    private static string Describe(string[] lines, int i) => $"{i + 1}: {lines[i].Length} columns";

    private static void AssertNone(string pattern, Func<string, IEnumerable<string>> find)
    {
        string[] files = [.. Repository.FilesOf(pattern)];
        Assert.True(files.Length > 20, $"only {files.Length} files were found");
        string[] found = [.. files.SelectMany(file => find(File.ReadAllText(file)), (file, line) =>
            $"{Path.GetRelativePath(Repository.Root, file)}:{line}")];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    [GeneratedRegex("^(`{3,}|~{3,})")]
    private static partial Regex Fence();
}
