using Microsoft.Win32.SafeHandles;

namespace Vfio.Emulation;

/// <summary>A client that gets interrupts as the kernel gives them: each adds 1 to the eventfd of its vector.</summary>
/// <remarks>Under the model's lock only.</remarks>
internal sealed class EventFdClient : IModelClient
{
    private readonly SafeFileHandle?[][] _triggers = [[], [], [], [], []]; // by kind, by vector

    public void Signal(IrqIndex kind, int vector)
    {
        if (vector < _triggers[(int)kind].Length && _triggers[(int)kind][vector] is { IsClosed: false } eventFd)
        {
            EventFd.Add(eventFd);
        }
    }

    /// <summary>Whether a vector has an eventfd.</summary>
    public bool Has(IrqIndex kind, int vector) => vector < _triggers[(int)kind].Length && _triggers[(int)kind][vector] is not null;

    public void Set(IrqIndex kind, int start, ReadOnlySpan<SafeFileHandle?> eventFds)
    {
        SafeFileHandle?[] all = _triggers[(int)kind];
        if (all.Length < start + eventFds.Length)
        {
            Array.Resize(ref all, start + eventFds.Length);
            _triggers[(int)kind] = all;
        }

        eventFds.CopyTo(all.AsSpan(start));
    }

    public void Clear(IrqIndex kind) => _triggers[(int)kind] = [];
}
