namespace Vfio;

/// <summary>
/// What an unfinished step has to undo: disposed in reverse, unless the step was finished and all is kept.
/// </summary>
internal sealed class Rollback : IDisposable
{
    private readonly Stack<IDisposable> _done = [];

    /// <summary>Undoes this too if the step is not finished.</summary>
    public T Add<T>(T done)
        where T : IDisposable
    {
        _done.Push(done);
        return done;
    }

    /// <summary>The step is finished: nothing is undone.</summary>
    public void Keep() => _done.Clear();

    public void Dispose() => Disposal.Quietly([.. _done.Select(done => (Action)done.Dispose)]);
}
