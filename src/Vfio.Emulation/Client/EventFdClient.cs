using Microsoft.Win32.SafeHandles;

namespace Vfio.Emulation;

/// <summary>
/// Represents a client that receives interrupts as from the kernel: each adds 1 to the eventfd of its vector.
/// </summary>
/// <remarks>It is used only under the model's lock.</remarks>
internal sealed class EventFdClient : IModelClient
{
    private readonly SafeFileHandle?[][] _triggers = [[], [], [], [], []]; // by interrupt type, then by vector

    public void Signal(IrqIndex kind, int vector)
    {
        if (vector < _triggers[(int)kind].Length && _triggers[(int)kind][vector] is { IsClosed: false } eventFd)
        {
            EventFd.Add(eventFd);
        }
    }

    /// <summary>Returns whether a vector has an eventfd.</summary>
    public bool Has(IrqIndex kind, int vector) =>
        vector < _triggers[(int)kind].Length && _triggers[(int)kind][vector] is not null;

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
