using System.Globalization;

namespace Vfio.Cli;

/// <summary>Performs the operations of the shell on one open device.</summary>
internal sealed class RegisterShell : IDisposable
{
    private const string RecordCommand = "record";

    private readonly CliHost _host;
    private readonly RegisterSession _session;
    private readonly bool _isJson;
    private readonly RecordingWriter? _events;
    private readonly UndoList _undo = new();
    private readonly ShellMemory _memory;
    private RecordingWriter? _recording;

    /// <param name="host">The host, which has the output.</param>
    /// <param name="session">The device; it is disposed of with the shell.</param>
    /// <param name="isJson">Whether standard output is a recording instead of text.</param>
    public RegisterShell(CliHost host, RegisterSession session, bool isJson)
    {
        _host = host;
        _session = session;
        _isJson = isJson;
        _events = isJson
            ? new RecordingWriter(host.Out, ownsOutput: false, session.Target.Identify(host), host.Clock.GetUtcNow())
            : null;
        _memory = new ShellMemory(host, session, isJson);
        session.Accessed = Note;
        _ = session.Request; // starts to listen
    }

    /// <summary>Gets the addresses of the memory that is allocated for the device.</summary>
    public IEnumerable<string> Addresses => _session.Memory.Addresses;

    /// <summary>Returns whether the kernel has requested the device since the last call.</summary>
    public bool IsAskedBack() => _session.Request.IsNew();

    /// <summary>Throws an exception if the kernel has requested the device.</summary>
    /// <exception cref="VfioException">The kernel has requested the device.</exception>
    public void ThrowIfAskedBack() => _session.Request.ThrowIfAsked();

    /// <summary>Performs an operation.</summary>
    /// <returns>Whether the shell continues.</returns>
    public bool Run(ShellOperation operation, CancellationToken cancellationToken)
    {
        switch (operation)
        {
            case ShellOperation.Read read: Read(read, cancellationToken); break;
            case ShellOperation.Write write: Write(write); break;
            case ShellOperation.Change change: Change(change); break;
            case ShellOperation.Wait wait: Wait(wait, cancellationToken); break;
            case ShellOperation.Dump dump: Dump(dump, cancellationToken); break;
            case ShellOperation.Record record: Record(record.File); break;
            case ShellOperation.Allocate allocate: _memory.Allocate(allocate); break;
            case ShellOperation.Free free: _memory.Free(free); break;
            case ShellOperation.Peek peek: _memory.Peek(peek, cancellationToken); break;
            case ShellOperation.Poke poke: _memory.Poke(poke); break;
            case ShellOperation.Status: new ShellStatus(_host, _session, _isJson).Write(); break;
            case ShellOperation.Reset: Reset(); break;
            case ShellOperation.Undo: Undo(); break;
            case ShellOperation.Help: ShellHelp.Write(_host); break;
            case ShellOperation.Quit: return false;
            default: throw new InvalidOperationException(operation.ToString());
        }

        return true;
    }

    public void Dispose()
    {
        _session.Accessed = null;
        _session.Dispose();
        _recording?.Dispose();
        _events?.Dispose();
    }

    private void Read(ShellOperation.Read operation, CancellationToken cancellationToken)
    {
        _session.Check("read", operation.Place, operation.Count);
        for (int i = 0; i < operation.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Place at = operation.Place.Place with
            {
                Offset = operation.Place.Place.Offset + ((ulong)i * operation.Place.Bytes),
            };
            RegisterPlace place = i == 0 ? operation.Place : _session.Names.Describe(at, operation.Place.Bits);
            ulong value = _session.Read(place);
            Show(place, place.Format(value));
            if (!_isJson)
            {
                FieldText.Write(_host, place.Register, value);
            }
        }
    }

    private void Write(ShellOperation.Write operation)
    {
        _session.Check("write", operation.Place, isWrite: true);
        UndoEntry entry = ReadBefore(operation.Place);
        _session.Write(operation.Place, operation.Value);
        _undo.Add(entry);
    }

    private void Change(ShellOperation.Change operation)
    {
        RegisterPlace place = operation.Place;
        _session.Check(operation.IsSet ? "set" : "clear", place, isWrite: true);
        ulong before = _session.Read(place);
        ulong after = operation.IsSet ? before | operation.Mask : before & ~operation.Mask;
        _session.Write(place, after);
        _undo.Add(new UndoEntry(place, before, UndoList.WhyNot([.. _session.Names.Touched(place)])));
        Show(place, $"{place.Format(before)} -> {Highlight.Changed(_host.Terminal, before, after, place.Bits)}");
    }

    private void Wait(ShellOperation.Wait operation, CancellationToken cancellationToken)
    {
        RegisterPlace place = operation.Place;
        _session.Check("wait", place);
        _host.Out.Flush(); // another program may wait for the output so far
        (ulong value, bool isMet) = _session.Wait(place, operation.Condition, cancellationToken);
        if (!isMet)
        {
            WaitCondition wanted = operation.Condition;
            throw new CliException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"wait: {place} is still {place.Format(value)} after {wanted.Timeout.TotalMilliseconds} ms: "
                    + $"the bits {place.Format(wanted.Mask)} are {place.Format(value & wanted.Mask)}, "
                    + $"not {place.Format(wanted.Value)}"),
                "use a longer TIMEOUT, or read the register to see its present value");
        }

        Show(place, place.Format(value));
    }

    private void Dump(ShellOperation.Dump operation, CancellationToken cancellationToken)
    {
        // With --json, the accesses themselves are the output.
        CliHost host = _isJson && operation.File is null ? _host with { Out = TextWriter.Null } : _host;
        DumpCommand.Run(
            host, _session, operation.Region, operation.Bits, operation.File, operation.All, isJson: false,
            cancellationToken);
    }

    private void Record(string? file)
    {
        if (file is null && _recording is null)
        {
            throw new CliException($"{RecordCommand}: nothing is being recorded", "record FILE starts a recording");
        }

        // The new recording is opened first: if that fails, the old one continues.
        RecordingWriter? next = file is null
            ? null
            : new RecordingWriter(
                OutputFile.Open(RecordCommand, file),
                ownsOutput: true,
                _session.Target.Identify(_host),
                _host.Clock.GetUtcNow());
        _recording?.Dispose();
        _recording = next;
    }

    private void Reset()
    {
        _session.Reset();
        _undo.Clear();
    }

    private void Undo()
    {
        UndoEntry last = _undo.Take();
        if (last.WhyNot is string why)
        {
            throw new CliException(
                $"undo: the write to {last.Place} cannot be undone: {why}",
                "the next undo reverts the write before it");
        }

        _session.Write(last.Place, last.Before);
        Show(last.Place, last.Place.Format(last.Before));
    }

    private UndoEntry ReadBefore(RegisterPlace place)
    {
        if (UndoList.WhyNot([.. _session.Names.Touched(place)]) is string why)
        {
            return new UndoEntry(place, 0, why);
        }

        return _session.Region(place.Place.Region).Info.CanRead
            ? new UndoEntry(place, _session.Read(place), null)
            : new UndoEntry(place, 0, "its region cannot be read");
    }

    private void Show(RegisterPlace place, string text)
    {
        if (!_isJson)
        {
            _host.Out.WriteLine($"{_host.Terminal.Bold(place.ToString())}: {text}");
        }
    }

    private void Note(Access access)
    {
        _events?.Add(access);
        _recording?.Add(access);
    }
}
