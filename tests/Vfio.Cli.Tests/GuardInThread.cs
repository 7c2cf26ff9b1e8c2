using System.IO.Pipes;
using System.Text;

namespace Vfio.Cli.Tests;

/// <summary>
/// Runs the real guardian on a thread of this process and on the fake host, in place of a process of root.
/// </summary>
internal sealed class GuardInThread : IGuardian
{
    private readonly CliHost _host;
    private readonly AnonymousPipeServerStream _toGuard = new(PipeDirection.Out);
    private readonly AnonymousPipeServerStream _fromGuard = new(PipeDirection.In);
    private readonly StreamReader _answers;
    private readonly Task<int> _guard;

    public GuardInThread(CliHost host, GuardianOrder order)
    {
        _host = host;
        _answers = new StreamReader(_fromGuard);
        AnonymousPipeClientStream input = new(PipeDirection.In, _toGuard.ClientSafePipeHandle);
        StreamWriter output = new(new AnonymousPipeClientStream(PipeDirection.Out, _fromGuard.ClientSafePipeHandle));
        _guard = Task.Run(() =>
        {
            using (output)
            {
                return VfioCommandLine.Run(
                    order.ToArguments(), host with { Out = output, OpenInput = () => input, FindVariable = Variables });
            }
        });
    }

    /// <summary>The environment that sudo sets for the guardian.</summary>
    public Func<string, string?> Variables { get; init; } = _ => null;

    /// <summary>The processes that the supervisor named.</summary>
    public List<int> Watched { get; } = [];

    public IReadOnlyList<string>? Take(CancellationToken stop)
    {
        Task<string?> answer = Task.Run(_answers.ReadLine);
        Task.WaitAny([answer, _guard], CancellationToken.None);
        return answer.IsCompleted && answer.Result is string line ? line[Guardian.Taken.Length..].Split(',') : null;
    }

    public void Watch(int process)
    {
        Watched.Add(process);
        Say($"{Guardian.Command}{process}\n");
    }

    public bool Release()
    {
        Say($"{Guardian.End}\n");
        _toGuard.Dispose();
        return _guard.Result == 0;
    }

    /// <summary>Acts as if the supervisor were killed.</summary>
    public int Vanish()
    {
        _toGuard.Dispose();
        return _guard.Result;
    }

    public void Say(string text)
    {
        try
        {
            _toGuard.Write(Encoding.ASCII.GetBytes(text));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _host.Error.Write("");
        }
    }

    public void Dispose() => _toGuard.Dispose();
}
