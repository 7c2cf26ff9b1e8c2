using System.Diagnostics;
using Vfio.Pci;

namespace Vfio.Cli.Tests;

public sealed class CompletionTests : IDisposable
{
    private readonly FakeHost _host = FakeHost.WithDetails();

    public void Dispose() => _host.Dispose();

    private string[] Complete(params string[] words) =>
        [.. Tool.Run(_host, ["complete", "--", .. words])
            .Succeeded().Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t')[0])];

    [Theory]
    [InlineData("list,show,groups,status", "")]
    [InlineData("show,status", "s")]
    [InlineData("--help,--version", "-")]
    [InlineData("--class", "list", "--cl")]
    [InlineData("net,nvme", "list", "--class", "n")]
    [InlineData("--class=net,--class=nvme", "list", "--class=n")]
    [InlineData("e1000e", "list", "--driver", "e")]
    [InlineData("10,14,1", "list", "--group", "1")]
    [InlineData("8086:10d3,8086:29c0", "list", "--id", "8086")]
    [InlineData("eth0", "show", "e")]
    [InlineData("00:14.3", "show", "00:1")]
    [InlineData("0000:00:14.3", "bind", "0000:00:1")]
    [InlineData("eth0,emu:edu", "status", "nvme0n1", "e")]
    [InlineData("nvme0n1", "bind", "--force", "eth0", "n")]
    [InlineData("8,16,32,64", "read", "00:14.3", "bar0", "-w", "")]
    [InlineData("config", "read", "00:14.3", "c")]
    [InlineData(":files", "run", "eth0", "--", "")]
    [InlineData("eth0", "run", "--group", "e")]
    [InlineData(":users", "bind", "--user", "")]
    [InlineData("bash,fish,zsh", "completion", "")]
    [InlineData("bind", "help", "b")]
    public void The_last_word_is_completed(string expected, params string[] words)
    {
        string[] answers = Complete(words);
        Assert.All(expected.Split(','), answer => Assert.Contains(answer, answers));
        Assert.All(
            answers,
            answer => Assert.True(answer.StartsWith(words[^1], StringComparison.Ordinal) || answer[0] == ':', answer));
    }

    [Theory]
    [InlineData("bind", "eth0", "eth")]
    [InlineData("bind", "0000:00:1c")]
    [InlineData("list", "")]
    [InlineData("nonsense", "")]
    [InlineData("complete", "")]
    [InlineData("list", "--json", "--js")]
    [InlineData("show", "eth0", "e")]
    [InlineData("read", "nvme")]
    public void Without_a_match_nothing_is_printed(params string[] words) => Assert.Empty(Complete(words));

    [Fact]
    public void After_two_dashes_no_option_is_offered() => Assert.Empty(Complete("bind", "--", "--"));

    [Fact]
    public void Release_offers_bound_devices_by_their_previous_names()
    {
        _host.AddJournalEntry(
            "0000:03:01.0",
            0x1234,
            0x11e8,
            "edu",
            user: null,
            """ "interfaces": [{ "name": "lan0", "isUp": true }], "disks": [] """);
        Assert.Equal(["lan0", "0000:03:01.0", "03:01.0"], Complete("release", ""));
        Assert.Contains("lan0", Complete("read", "l"));
    }

    [Fact]
    public void Registers_are_offered_by_name()
    {
        PciDeviceInfo device = new PciBus(_host.Root).Get(PciAddress.Parse("0000:00:14.3"));
        string[] names =
            [.. KnownRegisters.For(device).SelectMany(map => map.Registers).Select(register => register.Name)];
        Assert.Subset(Complete("read", "eth0", "").ToHashSet(), names.ToHashSet());
        Assert.Contains("bar0", Complete("read", "eth0", ""));
        Assert.DoesNotContain("bar5", Complete("read", "eth0", ""));
    }

    [Fact]
    public void An_error_is_silent()
    {
        Result result = Tool.Run(
            _host, Tool.Narrow, host => host with { Root = new HostRoot("/dev/null") }, "complete", "--", "show", "0");
        Assert.Equal((0, "", ""), (result.ExitCode, result.Output, result.Errors));
        Assert.Empty(Complete());
        Assert.Empty(Complete([.. Enumerable.Repeat("bind", 1000)]));
    }

    [Fact]
    public void No_device_is_opened_and_no_name_file_is_read()
    {
        Result result = Tool.Run(
            _host, Tool.Narrow,
            host => host with
            {
                OpenDevice = (_, _) => throw new InvalidOperationException(),
                LoadNames = () => throw new InvalidOperationException(),
            },
            "complete", "--", "show", "e");
        Assert.Contains("eth0", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vfio li", "list")]
    [InlineData("vfio list --class n", "net nvme")]
    [InlineData("vfio list --class=n", "net nvme")]
    [InlineData("vfio help ba", "")]
    [InlineData("vfio nonsense ", "")]
    [InlineData("vfio completion ", "bash zsh fish")]
    [InlineData("vfio list --jso", "--json")]
    [InlineData("vfio show 0000:00:1", "")]
    public void Bash_completes(string line, string expected) => Assert.Equal(expected, Shell("bash", "-c",
        """
        PATH=$1:$PATH
        source <(vfio completion bash)
        COMP_LINE=$2 COMP_POINT=${#2}
        $(complete -p vfio | sed 's/.*-F \([^ ]*\).*/\1/') vfio '' ''
        echo "${COMPREPLY[@]}"
        """, "test", Tools, line));

    [Fact]
    public void Bash_keeps_the_text_before_a_colon() => Assert.Equal("14.3", Shell("bash", "-c",
        """
        source <("$1/vfio" completion bash)
        vfio() { printf '0000:00:14.3\tnet\n'; }
        COMP_LINE='vfio show 0000:00:1' COMP_POINT=19
        _vfio vfio
        echo "${COMPREPLY[@]}"
        """, "test", Tools));

    // The kernel allows this name for an interface.
    [Theory]
    [InlineData("$(id)")]
    [InlineData("`id`")]
    [InlineData("a;id")]
    [InlineData("a|id>x")]
    [InlineData("it's\\")]
    [InlineData("\"$HOME\"")]
    [InlineData("-n")]
    public void A_name_does_not_become_code_in_bash(string name) => Assert.Equal(name, Shell("bash", "-c",
        """
        source <("$1/vfio" completion bash)
        name=$2
        vfio() { printf '%s\tnet\n' "$name"; }
        COMP_LINE='vfio show ' COMP_POINT=10
        _vfio vfio
        [ "${#COMPREPLY[@]}" = 1 ]
        # As bash reads the line that it made.
        eval "word=${COMPREPLY[0]}"
        printf '%s\n' "$word"
        """, "test", Tools, name));

    [Fact]
    public void A_name_does_not_become_code_in_zsh()
    {
        SkipWithout("zsh");
        Assert.Equal(@"$(id);\\ net", Shell("zsh", "-f", "-c",
            """
            path_to_tool=$1/vfio
            compdef() { :; }
            source <($path_to_tool completion zsh)
            # What _describe does with an escaped value: the part before the first colon that is not escaped.
            _describe() { local -a found; found=("${(@P)@[-1]}"); print -r -- "${found[1]%%:*} ${found[1]##*:}"; }
            vfio() { printf '%s\tnet\n' '$(id);\'; }
            words=(vfio show '') CURRENT=3 PREFIX=
            _vfio
            """, "test", Tools));
    }

    [Fact]
    public void A_name_does_not_become_code_in_fish()
    {
        SkipWithout("fish");
        Assert.Equal(@"$(id);\", Shell("fish", "--no-config", "-c",
            """
            $argv[1]/vfio completion fish | source
            function vfio; printf '%s\tnet\n' '$(id);\\'; end
            complete -C 'vfio show ' | string split -f 1 \t
            """, Tools));
    }

    [Fact]
    public void Zsh_completes()
    {
        SkipWithout("zsh");
        Assert.Equal("net nvme", Shell("zsh", "-f", "-c",
            """
            PATH=$1:$PATH
            compdef() { :; }
            source <(vfio completion zsh)
            _describe() { local -a found; found=("${(@P)@[-1]}"); print -r -- "${found[@]}"; }
            words=(vfio list --class n) CURRENT=4 PREFIX=n
            _vfio
            """, "test", Tools));
    }

    [Fact]
    public void Fish_completes()
    {
        SkipWithout("fish");
        Assert.Equal("net nvme", Shell("fish", "--no-config", "-c",
            """
            set -p PATH $argv[1]
            vfio completion fish | source
            echo (complete -C 'vfio list --class n')
            """, Tools));
    }

    // The tool that these tests were built with is next to them, under its assembly's name.
    private string Tools
    {
        get
        {
            string link = _host.PathOf("vfio");
            if (!File.Exists(link))
            {
                File.CreateSymbolicLink(link, Path.Combine(AppContext.BaseDirectory, "Vfio.Cli"));
            }

            return Path.GetDirectoryName(link)!;
        }
    }

    private static void SkipWithout(string shell) => Assert.SkipWhen(
        !(Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Any(folder => File.Exists(Path.Combine(folder, shell))),
        $"{shell} is not installed: apt-get install {shell}");

    private static string Shell(params string[] command)
    {
        ProcessStartInfo start =
            new(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(Eventually.Limit));
        Assert.Equal("", errors.Result);
        return output.Trim();
    }
}
