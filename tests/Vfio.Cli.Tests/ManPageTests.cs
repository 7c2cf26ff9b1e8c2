using System.CommandLine;
using System.Diagnostics;

namespace Vfio.Cli.Tests;

public sealed class ManPageTests : IDisposable
{
    private readonly FakeHost _host = new();

    public static TheoryData<string> Commands { get; } = CommandLineTests.Commands;

    public void Dispose() => _host.Dispose();

    private string Page(string command) => Tool.Run(_host, command.Length == 0 ? ["man"] : ["man", command])
        .Succeeded().Output;

    [Theory]
    [MemberData(nameof(Commands))]
    public void Troff_formats_it_without_a_warning(string command)
    {
        SkipWithout("groff");
        (string text, string warnings) = Format(Page(command), "groff", "-man", "-Tutf8", "-ww", "-P-cbou", "-rLL=78n");
        Assert.Equal("", warnings);
        Assert.All(text.Split('\n'), line => Assert.True(Printable.Width(line) <= 78, line));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Mandoc_finds_nothing_wrong_with_it(string command)
    {
        SkipWithout("mandoc");
        (string text, string warnings) = Format(Page(command), "mandoc", "-T", "lint", "-W", "warning");
        Assert.Equal(("", ""), (text, warnings));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void It_has_every_argument_option_example_and_exit_code(string name)
    {
        string page = Page(name);
        using StringWriter nowhere = new();
        RootCommand root = VfioCommandLine.Create(Tool.MakeHost(HostRoot.Default, Tool.Narrow, nowhere, nowhere));
        Command command = name.Length == 0 ? root : root.Subcommands.Single(child => child.Name == name);
        IEnumerable<string> words = command.Arguments.Select(argument => argument.Name)
            .Concat(HelpText.OptionsOf(command).SelectMany(option => option.Aliases.Append(option.Name)))
            .Concat(Manual.ExitCodes.Select(code => code.Name))
            .Concat(Manual.Environment.Select(variable => variable.Name))
            .Concat(((command as DocumentedCommand)?.Examples ?? VfioCommandLine.Examples)
                .Select(example => example.CommandLine))
            .Append("/run/vfio");
        Assert.All(words, word => Assert.Contains(ManPage.Escape(word), page, StringComparison.Ordinal));
        Assert.All(
            (string[])[
                "NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES",
                "SEE ALSO",
            ],
            section => Assert.Contains($"\n.SH {section}\n", page, StringComparison.Ordinal));
    }

    [Fact]
    public void The_first_page_names_every_command()
    {
        string page = Page("");
        Assert.All(
            Commands.Select(row => row.Data).Where(name => name.Length != 0),
            name => Assert.Contains($".B vfio\\-{name}(8)\n", page, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a\\b", "a\\eb")]
    [InlineData(".TH", "\\&.TH")]
    [InlineData("'quoted'", "\\(aqquoted\\(aq")]
    [InlineData("--json", "\\-\\-json")]
    public void Text_that_looks_like_a_troff_request_is_text(string text, string expected) =>
        Assert.Equal(expected, ManPage.Escape(text));

    private static void SkipWithout(string program) => Assert.SkipWhen(
        !(Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Any(folder => File.Exists(Path.Combine(folder, program))),
        $"{program} is not installed: eng/setup installs it");

    private static (string Output, string Errors) Format(string page, params string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        process.StandardInput.Write(page);
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(Eventually.Limit));
        return (output.Result, errors.Result);
    }
}
