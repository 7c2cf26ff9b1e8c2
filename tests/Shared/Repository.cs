using System.Reflection;
using System.Text.RegularExpressions;

namespace Vfio.Tests;

/// <summary>The source tree these tests were built from.</summary>
internal static partial class Repository
{
    private static readonly string[] Folders = ["benchmarks", "docs", "eng", "samples", "src", "templates", "tests"];

    public static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    /// <summary>Gets the files at the root and in the folders of the tree, without build output.</summary>
    /// <param name="pattern">Which files: <c>*.cs</c>.</param>
    public static IEnumerable<string> FilesOf(string pattern) => Directory.EnumerateFiles(Root, pattern)
        .Concat(Folders.SelectMany(folder =>
            Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)))
        .Where(path => !BuildOutput().IsMatch(Path.GetRelativePath(Root, path)));

    [GeneratedRegex(@"(^|/)(bin|obj|TestResults|BenchmarkDotNet\.Artifacts)/")]
    private static partial Regex BuildOutput();
}
