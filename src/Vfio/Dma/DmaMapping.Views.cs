namespace Vfio;

// What accesses the memory of a mapping directly, and must not when the mapping has ended.
public sealed partial class DmaMapping
{
    private const int FirstCleanup = 16;

    // Created with the first view, because most mappings have none. A view that nothing uses any more need not be
    // closed, and a program may make many parts of one buffer.
    private ViewList? _views;

    /// <summary>Adds a view, which is closed as soon as the mapping must not be used any more.</summary>
    /// <exception cref="ObjectDisposedException">The mapping has ended.</exception>
    internal void Add(IDmaView view)
    {
        ViewList views = _views ?? Interlocked.CompareExchange(ref _views, new ViewList(), null) ?? _views;
        lock (views)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (views.Count >= views.Cleanup)
            {
                views.RemoveAll(static view => !view.TryGetTarget(out _));
                views.Cleanup = Math.Max(FirstCleanup, 2 * views.Count);
            }

            views.Add(new WeakReference<IDmaView>(view));
        }
    }

    private void CloseViews()
    {
        _isDisposed = true;
        Interlocked.MemoryBarrier(); // either this sees the list of a concurrent Add, or that sees the end
        if (_views is not ViewList views)
        {
            return;
        }

        lock (views)
        {
            foreach (WeakReference<IDmaView> view in views)
            {
                if (view.TryGetTarget(out IDmaView? open))
                {
                    open.Close();
                }
            }

            views.Clear();
        }
    }

    private sealed class ViewList : List<WeakReference<IDmaView>>
    {
        /// <summary>Gets or sets the count at which views that nothing uses any more are removed.</summary>
        public int Cleanup { get; set; } = FirstCleanup;
    }
}
