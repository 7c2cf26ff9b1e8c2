namespace Vfio;

/// <summary>
/// Collects what an unfinished operation has to undo. Everything is disposed in reverse order, unless
/// <see cref="Keep"/> was called.
/// </summary>
internal sealed class Rollback : IDisposable
{
    private readonly Stack<IDisposable> _done = [];

    /// <summary>Adds something to dispose if the operation does not finish.</summary>
    public T Add<T>(T done)
        where T : IDisposable
    {
        _done.Push(done);
        return done;
    }

    /// <summary>Marks the operation as finished: nothing is undone.</summary>
    public void Keep() => _done.Clear();

    public void Dispose() => Disposal.Quietly([.. _done.Select(done => (Action)done.Dispose)]);
}
