using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Vfio.Machine.Tests;

/// <summary>
/// What a user sees at a terminal: colours, lines that fit, the shell's keys, and the terminal's state afterwards.
/// </summary>
public sealed partial class TerminalTests : HostTest
{
    private const string ArrowUp = "\e[A";
    private const string ControlC = "\u0003";
    private const string ControlD = "\u0004";

    [Theory]
    [InlineData("list")]
    [InlineData("groups")]
    [InlineData("show 0000:01:00.0")]
    [InlineData("--help")]
    public void Colours_are_for_terminals_lines_fit_and_NO_COLOR_counts(string command)
    {
        string plain = OnTerminal($"NO_COLOR=1 {Machine.Tool} {command}", 80);
        Assert.DoesNotMatch(Colour(), plain);
        Assert.All(
            plain.Split('\n'),
            line => Assert.True(KeypadMode().Replace(line.TrimEnd('\r'), "").EnumerateRunes().Count() <= 80, line));
        Assert.DoesNotContain("\e", Machine.Do($"{Machine.Tool} {command}"), StringComparison.Ordinal);
        string coloured = OnTerminal($"{Machine.Tool} {command}", 80);
        Assert.Matches(Colour(), coloured);
        Assert.DoesNotMatch(Colour(), OnTerminal($"TERM=dumb {Machine.Tool} {command}", 80));
    }

    [Fact]
    public void The_shell_completes_remembers_survives_Ctrl_C_and_leaves_the_terminal_as_it_was()
    {
        Machine.Vfio("bind", Machine.Nic).Succeeded();
        string folder = Directory.CreateTempSubdirectory("terminal-").FullName;
        using Process terminal = StartOnTerminal(
            $"stty -a > {folder}/before; {Machine.Tool} shell {Machine.Nic}; echo code $?; stty -a > {folder}/after",
            80);
        using Conversation person = new(terminal);
        person.WaitFor("> ");
        person.Type("read LEDC\t");
        person.WaitFor("read LEDCTL");
        person.Type("\r");
        person.WaitFor(": 0x0");
        person.WaitFor("> ");
        person.Type(ArrowUp + "\r");
        person.WaitFor(": 0x0");
        person.WaitFor("> ");
        person.Type("wait STATUS LU 0 600s\r");
        person.WaitFor("600s");
        person.WaitFor("\n");
        person.Type(ControlC);
        person.WaitFor("interrupted");
        person.WaitFor("> ");
        person.Type("nonsense\r");
        person.WaitFor("hint: ");
        person.WaitFor("> ");
        person.Type(ControlD);
        person.WaitFor("code 0");
        Assert.True(terminal.WaitForExit(Machine.Patience), "the terminal's session did not end");
        Assert.Equal(File.ReadAllText($"{folder}/before"), File.ReadAllText($"{folder}/after"));
        Machine.Vfio("release", Machine.Nic).Succeeded();
        AssertHostUntouched();
    }

    [Theory]
    [InlineData("list --group 999 2>&-", 0)]
    [InlineData("show zzz 2>&-", 2)]
    [InlineData("list >&- 2>&-", 0)]
    public void A_closed_output_does_not_crash_the_tool(string command, int code) =>
        Assert.Equal(code, Machine.Shell($"{Machine.Tool} {command}").ExitCode);

    [Theory]
    [InlineData("mknod $FILE c 1 3")]
    [InlineData("mknod $FILE b 259 0")]
    [InlineData("mkfifo $FILE")]
    public void A_node_is_never_replaced_by_a_file(string make)
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("nodes-").FullName, "node");
        Machine.Do($"FILE={file}; {make}");
        string before = Machine.Do($"stat -c '%F %i' {file}");
        Machine.Vfio("groups", "--dot", file).FailedWith(1, "not a regular file", "name another file");
        Assert.Equal(before, Machine.Do($"stat -c '%F %i' {file}"));
    }

    [Fact]
    public void A_private_file_stays_private()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("modes-").FullName, "groups.dot");
        Machine.Do($"touch {file}; chmod 600 {file}");
        Machine.Vfio("groups", "--dot", file).Succeeded();
        Assert.Equal("600\n", Machine.Do($"stat -c %a {file}"));
    }

    private static string OnTerminal(string command, int columns)
    {
        using Process process = StartOnTerminal(command, columns);
        // The input stays open, because its end would be typed as Ctrl-D.
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Assert.True(output.Wait(Machine.Patience), command);
        return output.Result;
    }

    // script gives a command a terminal, and shows here what the command writes to it.
    private static Process StartOnTerminal(string command, int columns) => Machine.Start(
        "env",
        "--default-signal=INT",
        "TERM=xterm",
        "script",
        "-qec",
        $"unset NO_COLOR; stty cols {columns} rows 40; {command}",
        "/dev/null");

    [GeneratedRegex("\\e\\[[0-9;]*m")]
    private static partial Regex Colour();

    // The sequence that the runtime's console sends to every terminal whose width it asks for; the tool reverts it.
    [GeneratedRegex("\\e\\[\\?1h\\e=\\e\\[\\?1l\\e>")]
    private static partial Regex KeypadMode();

    private sealed class Conversation(Process terminal) : IDisposable
    {
        private readonly char[] _buffer = new char[4096];
        private readonly StringBuilder _all = new();
        private string _unread = "";

        public void Type(string keys)
        {
            terminal.StandardInput.Write(keys);
            terminal.StandardInput.Flush();
        }

        /// <summary>Ends what a failed test leaves running, because it has the device open.</summary>
        public void Dispose()
        {
            if (!terminal.HasExited)
            {
                terminal.Kill(entireProcessTree: true);
            }
        }

        /// <summary>Reads until a text was shown; the text after it is left for the next call.</summary>
        public void WaitFor(string text)
        {
            using CancellationTokenSource patience = new(Machine.Patience);
            int at;
            while ((at = _unread.IndexOf(text, StringComparison.Ordinal)) < 0)
            {
                int count = 0;
                try
                {
                    count = terminal.StandardOutput
                        .ReadAsync(_buffer, patience.Token)
                        .AsTask()
                        .GetAwaiter()
                        .GetResult();
                }
                catch (OperationCanceledException)
                {
                    // No output arrived, as if the terminal had been closed.
                }

                Assert.True(count > 0, $"'{text}' was not shown, but: {_all.Replace("\e", "\\e")}");
                _all.Append(_buffer, 0, count);
                _unread += new string(_buffer, 0, count);
            }

            _unread = _unread[(at + text.Length)..];
        }
    }
}
