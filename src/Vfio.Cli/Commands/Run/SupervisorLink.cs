using System.Globalization;
using System.Text;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>
/// Receives what the supervisor tells the guardian. The other side belongs to an ordinary user: the length of a line is
/// limited, unknown lines are ignored, and a process is accepted as the command only if it belongs to the caller.
/// </summary>
internal sealed class SupervisorLink : IDisposable
{
    private const int MostLineBytes = 64;
    private const int MostLines = 16;

    private readonly Stream _input;
    private readonly uint _caller;
    private readonly CancellationTokenSource _gone = new();
    private readonly Thread _listener;

    public SupervisorLink(Stream input, uint caller)
    {
        _input = input;
        _caller = caller;
        _listener = new Thread(Listen) { IsBackground = true, Name = "supervisor" };
        _listener.Start();
    }

    /// <summary>Gets a token that is cancelled when the supervisor is done or has ended.</summary>
    public CancellationToken Gone => _gone.Token;

    /// <summary>
    /// Gets whether the supervisor reported that the command has ended, rather than ending itself without a report.
    /// </summary>
    public bool IsOrderly { get; private set; }

    /// <summary>Gets the command, if the supervisor named one.</summary>
    public HostProcess? Command { get; private set; }

    /// <summary>Waits until the supervisor has ended or reported the end.</summary>
    public void WaitForEnd() => _listener.Join();

    public void Dispose()
    {
        // If binding has failed, the listener still waits; it ends with the process.
        if (!_listener.IsAlive)
        {
            _gone.Dispose();
        }

        Command?.Dispose();
    }

    private void Listen()
    {
        for (int count = 0; count < MostLines && ReadLine() is string line; count++)
        {
            if (line == Guardian.End)
            {
                IsOrderly = true;
                break;
            }

            if (Command is null && line.StartsWith(Guardian.Command, StringComparison.Ordinal)
                && int.TryParse(
                    line.AsSpan(Guardian.Command.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            {
                Command = FindOwn(id);
            }
        }

        _gone.Cancel();
    }

    private HostProcess? FindOwn(int id)
    {
        HostProcess? process = HostProcess.Find(id);
        if (process?.UserId == _caller)
        {
            return process;
        }

        process?.Dispose();
        return null;
    }

    private string? ReadLine()
    {
        byte[] line = new byte[MostLineBytes];
        for (int length = 0; length < line.Length; length++)
        {
            int value = ReadByte();
            if (value is < 0 or '\n')
            {
                return value < 0 ? null : Encoding.ASCII.GetString(line, 0, length);
            }

            line[length] = (byte)value;
        }

        return null;
    }

    private int ReadByte()
    {
        try
        {
            return _input.ReadByte();
        }
        catch (IOException)
        {
            return -1;
        }
    }
}
