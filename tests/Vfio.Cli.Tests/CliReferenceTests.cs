using System.CommandLine;
using System.Text.Json;
using Vfio.Host;

namespace Vfio.Cli.Tests;

/// <summary>
/// docs/cli.md agrees with the help: synopses, options and exit codes come from the same descriptions.
/// </summary>
public sealed class CliReferenceTests
{
    private static readonly string Path = System.IO.Path.Combine(Approved.SourceFolder, "..", "..", "docs", "cli.md");

    [Fact]
    public void The_page_has_the_synopsis_and_the_options_of_every_command()
    {
        RootCommand root = Root();
        string page = File.ReadAllText(Path);
        Assert.Equal(
            [.. root.Subcommands
                .Where(command => !command.Hidden)
                .Select(command => command.Name)
                .Append("exit codes")
                .Order(StringComparer.Ordinal)],
            CliReference.NamesIn(page).Order(StringComparer.Ordinal));

        string expected = CliReference.Update(page, root);
        if (Environment.GetEnvironmentVariable("VFIO_ACCEPT_CLI_PAGE") == "1")
        {
            File.WriteAllText(Path, expected);
        }

        // Compared line by line, so that a failure shows the line. VFIO_ACCEPT_CLI_PAGE=1 writes the page.
        Assert.Equal(expected.Split('\n'), File.ReadAllText(Path).Split('\n'));
    }

    [Fact]
    public void A_page_that_differs_is_seen()
    {
        RootCommand root = Root();
        string page = CliReference.Update("<!-- reference: list -->\nvfio list [--old]\n<!-- end -->\n", root);
        Assert.Contains("[--class CLASS]", page, StringComparison.Ordinal);
        Assert.DoesNotContain("--old", page, StringComparison.Ordinal);
        Assert.Equal(page, CliReference.Update(page, root));
    }

    [Fact]
    public void The_pages_have_the_words_of_all_findings_refusals_and_reasons_of_a_broker()
    {
        string page = File.ReadAllText(Path);
        string broker = File.ReadAllText(Path.Replace("cli.md", "broker.md", StringComparison.Ordinal));
        IEnumerable<string> missing =
        [
            .. Enum.GetValues<FindingTopic>()
                .Select(FindingTopics.ToWords)
                .Where(word => !page.Contains($"`{word}`", StringComparison.Ordinal)),
            .. Enum.GetValues<RefusalReason>()
                .Select(RefusalReasons.ToWord)
                .Where(word => !page.Contains($"`{word}`", StringComparison.Ordinal)),
            .. Enum.GetValues<BrokerRefusalCode>()
                .Select(code => JsonNamingPolicy.KebabCaseLower.ConvertName(code.ToString()))
                .Where(word => !broker.Contains($"`{word}`", StringComparison.Ordinal)),
        ];
        Assert.Empty(missing);
    }

    private static RootCommand Root()
    {
        using StringWriter nowhere = new();
        return VfioCommandLine.Create(Tool.MakeHost(HostRoot.Default, Tool.Narrow, nowhere, nowhere));
    }
}
