using System.Reflection;
using System.Text.RegularExpressions;

namespace Vfio.Tests;

/// <summary>Finds the types of a room. A room is a folder, and its types are read from the sources in it.</summary>
internal static partial class SourceRooms
{
    /// <summary>
    /// Returns the types of an assembly that a folder below <c>src</c> declares, including nested ones.
    /// </summary>
    public static IEnumerable<Type> TypesIn(Assembly assembly, string folder)
    {
        HashSet<string> names = [.. Directory.EnumerateFiles(
            Path.Combine(Repository.Root, "src", folder), "*.cs", SearchOption.AllDirectories)
            .SelectMany(path => Declaration().Matches(File.ReadAllText(path)))
            .Select(match => match.Groups["name"].Value)];
        return assembly.GetTypes().Where(type => names.Contains(Outermost(type).Name));
    }

    private static Type Outermost(Type type) => type.DeclaringType is Type outer ? Outermost(outer) : type;

    [GeneratedRegex(
        @"^(?:(?:public|internal|static|sealed|abstract|partial|readonly|ref|unsafe) )*"
        + @"(?:class|interface|enum|struct|record(?: struct| class)?) (?<name>\w+)",
        RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
