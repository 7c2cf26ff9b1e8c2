using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Vfio.Tests;

/// <summary>
/// Analyzers check only the Debug build, tests run in it, and packages are made from the Release build. That is sound
/// as long as both compile the same source.
/// </summary>
public sealed partial class ConfigurationTests
{
    /// <summary>The only differences: the analyzers, and whether the assembly contains the commit.</summary>
    private static readonly string[] FreeProperties =
        ["RunAnalyzers", "EnforceCodeStyleInBuild", "IncludeSourceRevisionInInformationalVersion", "EnableSourceLink"];

    [Fact]
    public void No_source_depends_on_the_configuration()
    {
        string[] sources = [.. Repository.FilesOf("*.cs")];
        Assert.True(sources.Length > 500, $"only {sources.Length} sources were found");
        AssertNone(sources, FindInSource);
    }

    [Fact]
    public void No_project_depends_on_the_configuration_but_for_its_analyzers_and_the_commit()
    {
        string[] patterns = ["*.csproj", "*.props", "*.targets", "*.proj"];
        string[] projects = [.. patterns.SelectMany(Repository.FilesOf)];
        Assert.True(projects.Length > 20, $"only {projects.Length} projects were found");
        AssertNone(projects, FindInProject);
    }

    [Theory]
    [InlineData("#if DEBUG\nint x;\n#endif", "#if")]
    [InlineData("int x;\n  # if NET10_0\n#endif", "#if")]
    [InlineData("#elif RELEASE", "#elif")]
    [InlineData("[Conditional(\"DEBUG\")] void M() { }", "Conditional")]
    [InlineData("[Obsolete, System.Diagnostics.ConditionalAttribute(\"DEBUG\")] void M() { }", "ConditionalAttribute")]
    [InlineData("void M() => Debug.Assert(true);", "Debug.")]
    [InlineData("void M() => global::System.Diagnostics.Debug\n    .WriteLine(1);", "Debug.")]
    [InlineData("using static System.Diagnostics.Debug;", "Diagnostics.Debug")]
    public void A_source_that_depends_on_the_configuration_is_found(string text, string violation) =>
        Assert.Equal([violation], FindInSource(text));

    [Theory]
    [InlineData("// #if DEBUG\n/* Debug.Assert */ int x;")]
    [InlineData("string s = \"\"\"\n    #if DEBUG\n    \"\"\";")]
    [InlineData("string s = \"[Conditional(1)] Debug.Assert\";")]
    [InlineData("#pragma warning disable CS0001\nbool b = Debugger.IsAttached;")]
    [InlineData("bool isDebug = x is ConditionalAccess;")]
    public void A_source_that_does_not_depend_on_the_configuration_is_accepted(string text) =>
        Assert.Empty(FindInSource(text));

    [Theory]
    [InlineData(
        "<PropertyGroup Condition=\"'$(Configuration)' == 'Release'\"><Optimize>true</Optimize></PropertyGroup>",
        "PropertyGroup")]
    [InlineData(
        "<PropertyGroup><NoWarn Condition=\"'$(CONFIGURATION)' != 'Debug'\">X</NoWarn></PropertyGroup>", "NoWarn")]
    [InlineData(
        "<PropertyGroup><DefineConstants>A;$(Configuration)</DefineConstants></PropertyGroup>", "DefineConstants")]
    [InlineData(
        "<PropertyGroup Condition=\"'$(Configuration)' == 'Release'"
        + "\"><RunAnalyzers>false</RunAnalyzers><Optimize/></PropertyGroup>",
        "PropertyGroup")]
    public void A_project_that_depends_on_the_configuration_is_found(string text, string violation) =>
        Assert.Equal([violation], FindInProject($"<Project>{text}</Project>"));

    [Theory]
    [InlineData(
        "<!-- $(Configuration) --><PropertyGroup Condition=\"'$(IsPackable)' == 'true'\"><Optimize/></PropertyGroup>")]
    [InlineData(
        "<PropertyGroup Condition=\"'$(Configuration)' == 'Release'"
        + "\"><RunAnalyzers>false</RunAnalyzers></PropertyGroup>")]
    public void A_project_that_does_not_depend_on_the_configuration_is_accepted(string text) =>
        Assert.Empty(FindInProject($"<Project>{text}</Project>"));

    private static void AssertNone(string[] files, Func<string, IEnumerable<string>> find)
    {
        string[] found = [.. files.SelectMany(file => find(File.ReadAllText(file)), (file, violation) =>
            $"{Path.GetRelativePath(Repository.Root, file)}: {violation}")];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    private static IEnumerable<string> FindInSource(string text) => DependentCode().Matches(SourceText.CodeOf(text))
        .Select(match => Space().Replace(match.Groups["what"].Value, ""));

    // The elements that name the configuration in an attribute or in their own text.
    private static IEnumerable<string> FindInProject(string text) =>
        from element in XDocument.Parse(text).Descendants()
        where element.Attributes().Any(attribute => NamesConfiguration(attribute.Value))
            || element.Nodes().OfType<XText>().Any(part => NamesConfiguration(part.Value))
        where !element.HasElements || !element.Elements().All(child => FreeProperties.Contains(child.Name.LocalName))
        select element.Name.LocalName;

    private static bool NamesConfiguration(string value) =>
        value.Contains("$(Configuration)", StringComparison.OrdinalIgnoreCase);

    // The methods of Debug have the attribute Conditional.
    [GeneratedRegex("""
        ^\s*(?<what>\#\s*(?:el)?if)\b
        | [\[,.:]\s*(?<what>Conditional(?:Attribute)?)\s*\(
        | \b(?<what>Debug\s*\.)
        | \b(?<what>Diagnostics\s*\.\s*Debug)\b(?!\s*\.)
        """, RegexOptions.Multiline | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex DependentCode();

    [GeneratedRegex(@"\s")]
    private static partial Regex Space();
}
