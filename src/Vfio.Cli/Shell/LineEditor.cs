using System.Text;

namespace Vfio.Cli;

/// <summary>
/// Lets a user edit a line on a terminal: movement, history, completion. A line longer than the terminal scrolls.
/// </summary>
/// <remarks>
/// It is written by hand, because the packages on NuGet are previews, or bring a drawing library that costs more
/// start-up time than the whole tool.
/// </remarks>
internal sealed class LineEditor(IKeyboard keyboard, TextWriter output, int width, Func<string, Completion> complete)
    : ILineSource
{
    private const int MaxLength = 4000;
    private const int MinRoom = 10;
    private const char EndOfInput = '\u0004';

    private readonly LineHistory _history = new();
    private readonly StringBuilder _text = new();
    private string _prompt = "";
    private int _cursor;
    private bool _isTyping;

    public string? Next(string prompt)
    {
        _prompt = prompt;
        _text.Clear();
        _cursor = 0;
        keyboard.Begin();
        _isTyping = true;
        try
        {
            Draw();
            while (true)
            {
                ConsoleKeyInfo key = keyboard.Next();
                if (IsEnd(key))
                {
                    return null;
                }

                if (key.Key == ConsoleKey.Enter || key.KeyChar is '\r' or '\n')
                {
                    return Finish();
                }

                if (IsControl(key, ConsoleKey.C))
                {
                    output.Write("^C");
                    return "";
                }

                Handle(key);
                Draw();
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Accept()
    {
        if (_isTyping)
        {
            // In this order: a person who sees the line end can press Ctrl-C.
            Dispose();
            output.WriteLine();
            output.Flush();
        }
    }

    public void Dispose()
    {
        output.Flush();
        if (_isTyping)
        {
            _isTyping = false;
            keyboard.End();
        }
    }

    private static bool IsControl(ConsoleKeyInfo key, ConsoleKey letter) =>
        key.Key == letter && (key.Modifiers & ConsoleModifiers.Control) != 0;

    private string Finish()
    {
        _cursor = _text.Length;
        Draw();
        string line = _text.ToString();
        _history.Add(line);
        return line;
    }

    private bool IsEnd(ConsoleKeyInfo key) =>
        (key == default) || (_text.Length == 0 && (IsControl(key, ConsoleKey.D) || key.KeyChar == EndOfInput));

    private void Handle(ConsoleKeyInfo key)
    {
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow: _cursor = Math.Max(0, _cursor - 1); return;
            case ConsoleKey.RightArrow: _cursor = Math.Min(_text.Length, _cursor + 1); return;
            case ConsoleKey.Home: _cursor = 0; return;
            case ConsoleKey.End: _cursor = _text.Length; return;
            case ConsoleKey.UpArrow: Recall(-1); return;
            case ConsoleKey.DownArrow: Recall(1); return;
            case ConsoleKey.Backspace: Remove(_cursor - 1, 1); return;
            case ConsoleKey.Delete: Remove(_cursor, 1); return;
            case ConsoleKey.Tab: Complete(); return;
        }

        if ((key.Modifiers & ConsoleModifiers.Control) != 0 || char.IsControl(key.KeyChar))
        {
            HandleControl(key.Key);
        }
        else if (Printable.Clean(key.KeyChar.ToString()) == key.KeyChar.ToString() && _text.Length < MaxLength)
        {
            _text.Insert(_cursor++, key.KeyChar);
        }
    }

    // The usual control keys of shells.
    private void HandleControl(ConsoleKey key)
    {
        switch (key)
        {
            case ConsoleKey.A: _cursor = 0; break;
            case ConsoleKey.B: _cursor = Math.Max(0, _cursor - 1); break;
            case ConsoleKey.D: Remove(_cursor, 1); break;
            case ConsoleKey.E: _cursor = _text.Length; break;
            case ConsoleKey.F: _cursor = Math.Min(_text.Length, _cursor + 1); break;
            case ConsoleKey.H: Remove(_cursor - 1, 1); break;
            case ConsoleKey.K: Remove(_cursor, _text.Length - _cursor); break;
            case ConsoleKey.L: output.Write("\e[H\e[2J"); break;
            case ConsoleKey.N: Recall(1); break;
            case ConsoleKey.P: Recall(-1); break;
            case ConsoleKey.U: Remove(0, _cursor); break;
            case ConsoleKey.W: RemoveWord(); break;
        }
    }

    private void Remove(int start, int count)
    {
        if (start >= 0 && start + count <= _text.Length)
        {
            _text.Remove(start, count);
            _cursor = start;
        }
    }

    private void RemoveWord()
    {
        int start = _cursor;
        while (start > 0 && _text[start - 1] == ' ')
        {
            start--;
        }

        while (start > 0 && _text[start - 1] != ' ')
        {
            start--;
        }

        Remove(start, _cursor - start);
    }

    private void Recall(int step)
    {
        if (_history.Move(step, _text.ToString()) is string line)
        {
            _text.Clear().Append(line);
            _cursor = _text.Length;
        }
    }

    private void Complete()
    {
        string before = _text.ToString(0, _cursor);
        Completion completion = complete(before);
        if (completion.Candidates.Count == 0)
        {
            return;
        }

        string common = completion.Candidates.Aggregate(CommonStart);
        bool isOne = completion.Candidates.Count == 1;
        if (isOne || common.Length > before.Length - completion.Start)
        {
            string word = isOne ? common + " " : common;
            _text.Remove(completion.Start, _cursor - completion.Start).Insert(completion.Start, word);
            _cursor = completion.Start + word.Length;
            return;
        }

        output.WriteLine();
        foreach (string line in Printable.Wrap(string.Join(' ', completion.Candidates), width))
        {
            output.WriteLine(line);
        }
    }

    private static string CommonStart(string first, string second)
    {
        int length = 0;
        while (length < first.Length
            && length < second.Length
            && char.ToUpperInvariant(first[length]) == char.ToUpperInvariant(second[length]))
        {
            length++;
        }

        return first[..length];
    }

    // The whole line is redrawn at each key, which is simple and also correct after other output.
    private void Draw()
    {
        string prompt = _prompt.Length + MinRoom < width ? _prompt : "> ";
        int room = Math.Max(MinRoom, width - prompt.Length - 1);
        int start = Math.Max(0, _cursor - room);
        string visible = _text.ToString(start, Math.Min(room, _text.Length - start));
        output.Write($"\r{prompt}{visible}\e[K\r");
        if (prompt.Length + _cursor - start is int column and > 0)
        {
            output.Write($"\e[{column}C");
        }

        output.Flush();
    }
}
