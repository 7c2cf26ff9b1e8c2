namespace Vfio.Cli.Tests;

public sealed class LineEditorTests : RegisterCommandTest
{
    private readonly FakeKeyboard _keyboard = new();
    private readonly StringWriter _screen = new();

    [Theory]
    [InlineData("read", "read\r")]
    [InlineData("read", "rad\u001b[D\u001b[De\r")]
    [InlineData("ad", "read\u0001\u0004\u0004\r")]
    [InlineData("read", "xread\u0001\u0004\r")]
    [InlineData("re", "read\u007f\u007f\r")]
    [InlineData("", "read STATUS\u0015\r")]
    [InlineData("read ", "read STATUS\u0017\r")]
    [InlineData("re", "read\u0002\u0002\u000b\r")]
    [InlineData("dead", "ead\u001b[Hd\r")]
    [InlineData("reads", "read\u001b[H\u001b[Fs\r")]
    [InlineData("ra", "read\u001b[D\u001b[D\u007f\u001b[C\u001b[3~\r")]
    [InlineData("", "read\u0003")]
    [InlineData("read STATUS ", "read STA\t\r")]
    [InlineData("read CTRL ", "rea\tct\t\r")]
    [InlineData("set CTRL RST ", "set CTRL r\t\r")]
    [InlineData("dump config ", "dump c\t\r")]
    [InlineData("peek 0x10000 ", "pee\t0x1\t\r")]
    [InlineData("free 0x", "free \t\r")]
    [InlineData("poke 0x20000 ", "po\t0x2\t\r")]
    [InlineData("alloc 4096 write --at ", "al\t4096 w\t--a\t\r")]
    [InlineData("alloc 4096 --at ", "alloc 4096 --at \t\r")]
    [InlineData("sta", "sta\u001b[Z\r")]
    [InlineData("re", "re\u001b[Z\r")]
    [InlineData("read C", "read C\t\r")]
    [InlineData("caf\u00e9", "caf\u00e9\r")]
    public void Keys_make_a_line(string line, string keys)
    {
        using LineEditor editor = Type(keys);
        Assert.Equal(line, editor.Next("> "));
    }

    [Fact]
    public void The_arrows_go_through_what_was_typed_before()
    {
        using LineEditor editor = Type(
            "one\rtwo\r\u001b[A\u001b[A\rdraft\u001b[A\u001b[B\r\u001b[A\u001b[A\u001b[A\u001b[A\u001b[A\u001b[A!\r");
        Assert.Equal(["one", "two", "one", "draft", "one!"], Enumerable.Range(0, 5).Select(_ => editor.Next("> ")));
    }

    [Fact]
    public void Tab_shows_the_candidates_if_there_are_several()
    {
        using LineEditor editor = Type("read C\t\r");
        editor.Next("> ");
        Assert.Contains("\nCTRL CAUSE CAP COMMAND config\n", _screen.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Ctrl_D_ends_the_shell_and_so_does_a_closed_terminal()
    {
        using LineEditor editor = Type("\u0004");
        Assert.Null(editor.Next("> "));
        Assert.Null(editor.Next("> "));
        editor.Accept();
        Assert.False(_keyboard.IsHeld);
    }

    [Fact]
    public void A_line_ends_on_the_screen_when_Ctrl_C_is_a_signal_again()
    {
        using LineEditor editor = Type("read STATUS\r");
        editor.Next("> ");
        Assert.True(_keyboard.IsHeld);
        Assert.DoesNotContain("\n", _screen.ToString(), StringComparison.Ordinal);
        editor.Accept();
        editor.Accept();
        Assert.False(_keyboard.IsHeld);
        Assert.Equal("\n", _screen.ToString()[^1..]);
        Assert.Single(_screen.ToString(), c => c == '\n');
    }

    [Fact]
    public void A_long_line_scrolls_and_never_wraps()
    {
        using LineEditor editor = Type(new string('x', 100) + "end\r");
        Assert.EndsWith("end", editor.Next("> "), StringComparison.Ordinal);
        Assert.All(_screen.ToString().Split('\r'), part => Assert.True(Visible(part) < 80, part));
    }

    [Fact]
    public void A_flood_of_keys_is_cut()
    {
        using LineEditor editor = Type(new string('x', 10_000) + "\r");
        Assert.Equal(4000, editor.Next("> ")!.Length);
    }

    [Fact]
    public void The_shell_goes_on_after_errors_and_closes_the_device()
    {
        int reads = 0;
        Device.Reading = (_, _) => FailIf(++reads == 1);
        Result result = RunTyped("read SCRATCH\rread NOTHING\rfoo\rread SCRATCH\r\u0003\rundo\r\u0004");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(
            [
                "0000:00:14.3 is open; help lists the commands, Tab completes, Ctrl-D ends",
                "vfio: pread on BAR0 of 0000:00:14.3: EIO (Input/output error)",
                "hint: the kernel log may tell more: dmesg | tail",
                "vfio: read: 'NOTHING' is neither a place nor a register of this device",
                "hint: a place looks like bar0+0x10 or config+4; Tab in 'vfio shell' shows the names",
                "vfio: 'foo' is not a command of the shell",
                "hint: the commands are read, write, set, clear, wait, dump, alloc, free, peek, poke, status, reset, "
                + "undo, record, help, quit",
                "vfio: undo: there is nothing to undo",
                "hint: undo reverts writes of this session, since the last reset",
                "",
            ],
            result.Errors.Split('\n'));
        Assert.Contains("SCRATCH: 0x12345678\n", result.Output, StringComparison.Ordinal);
        Assert.True(Device.IsDisposed);
    }

    [Fact]
    public void Help_lists_every_command() => Approved.Matches(
        "shell-help",
        string.Join('\n', RunTyped("help\rquit\r").Output.Split('\n').Where(line => !line.Contains('\r'))));

    [Fact]
    public void A_terminal_without_movements_gets_plain_lines()
    {
        _keyboard.IsPlain = true;
        Result result = Run(
            Tool.Narrow,
            host => host with
            {
                FindKeyboard = () => _keyboard,
                OpenInput = () => new MemoryStream("read SCRATCH\n"u8.ToArray()),
            },
            "shell",
            "00:14.3");
        Assert.Equal("vfio 0000:00:14.3> SCRATCH: 0x12345678\nvfio 0000:00:14.3> ", result.Output);
        Assert.Equal(0, result.ExitCode);
    }

    private static int Visible(string part)
    {
        int escape = part.IndexOf('\e');
        return escape < 0 ? part.Length : escape;
    }

    private LineEditor Type(string keys)
    {
        _keyboard.Type(keys);
        _screen.NewLine = "\n";
        return new LineEditor(
            _keyboard, _screen, 80, new ShellCompleter(new RegisterNames(Maps), () => ["0x10000", "0x20000"]).Complete);
    }

    private Result RunTyped(string keys)
    {
        _keyboard.Type(keys);
        return Run(Tool.Narrow, host => host with { FindKeyboard = () => _keyboard }, "shell", "00:14.3");
    }

    /// <summary>Represents keys as a terminal sends them, parsed like the runtime does.</summary>
    private sealed class FakeKeyboard : IKeyboard
    {
        private readonly Queue<ConsoleKeyInfo> _keys = [];

        public bool IsPlain { get; set; }

        public bool IsHeld { get; private set; }

        public void Begin() => IsHeld = true;

        public void End() => IsHeld = false;

        public ConsoleKeyInfo Next() => _keys.TryDequeue(out ConsoleKeyInfo key) ? key : default;

        public void Type(string text)
        {
            for (int i = 0; i < text.Length; i++)
            {
                _keys.Enqueue(text[i] == '\e' ? Sequence(text, ref i) : Key(text[i]));
            }
        }

        private static ConsoleKeyInfo Sequence(string text, ref int i)
        {
            i += 2;
            ConsoleKey key = text[i] switch
            {
                'A' => ConsoleKey.UpArrow,
                'B' => ConsoleKey.DownArrow,
                'C' => ConsoleKey.RightArrow,
                'D' => ConsoleKey.LeftArrow,
                'H' => ConsoleKey.Home,
                'F' => ConsoleKey.End,
                '3' => ConsoleKey.Delete,
                _ => ConsoleKey.F12,
            };
            i += key == ConsoleKey.Delete ? 1 : 0;
            return new ConsoleKeyInfo('\0', key, shift: false, alt: false, control: false);
        }

        private static ConsoleKeyInfo Key(char c) => c switch
        {
            '\r' => new ConsoleKeyInfo(c, ConsoleKey.Enter, false, false, false),
            '\t' => new ConsoleKeyInfo(c, ConsoleKey.Tab, false, false, false),
            '\u007f' => new ConsoleKeyInfo(c, ConsoleKey.Backspace, false, false, false),
            < ' ' => new ConsoleKeyInfo(c, (ConsoleKey)(c + '@'), false, false, control: true),
            _ => new ConsoleKeyInfo(c, default, false, false, false),
        };
    }
}
