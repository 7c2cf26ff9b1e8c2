using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>
/// A process of the running host, held by a descriptor of the kernel's (pidfd): when it has ended its number may go to another process, and
/// this object still means the one that was found.
/// </summary>
/// <remarks>Owns the descriptor, not the process. Any thread. Linux 5.3 or later.</remarks>
internal sealed class HostProcess : IDisposable
{
    private static readonly TimeSpan StopInterval = TimeSpan.FromMilliseconds(100);

    private readonly SafeFileHandle _descriptor;

    private HostProcess(int id, SafeFileHandle descriptor)
    {
        Id = id;
        _descriptor = descriptor;
    }

    /// <summary>Its number.</summary>
    public int Id { get; }

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => ProcessDescriptor.Wait(_descriptor, 0);

    /// <summary>The user who started it (the real user id); <see langword="null"/> where it has ended.</summary>
    public uint? UserId
    {
        get
        {
            // Looked at before the descriptor: the number was still this process's then.
            uint? user = HolderNames.ReadUserId($"/proc/{Id}");
            return HasEnded ? null : user;
        }
    }

    /// <summary>Finds a process.</summary>
    /// <param name="id">Its number.</param>
    /// <returns>The process; <see langword="null"/> where there is none of that number, or the kernel is older than such descriptors.</returns>
    public static HostProcess? Find(int id) => id > 0 && ProcessDescriptor.Open(id, out SafeFileHandle descriptor) == 0 ? new HostProcess(id, descriptor) : null;

    /// <summary>Moves this process into a session of its own, where no terminal and no shell's job reaches it.</summary>
    /// <returns>Whether it is in one now; not where it leads a group of processes already.</returns>
    public static bool LeaveSession() => ProcessDescriptor.LeaveSession();

    /// <summary>Waits until it has ended, however long that takes.</summary>
    public void WaitForEnd() => _ = ProcessDescriptor.Wait(_descriptor, -1);

    /// <summary>Waits until it has ended, for a time.</summary>
    /// <param name="time">For how long at most; not negative.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Whether it has ended.</returns>
    public bool WaitForEnd(TimeSpan time, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        Deadline deadline = Deadline.In(time);
        bool hasEnded;
        do
        {
            // A signal that this process handles ends a wait early; a stop does not, and is looked for.
            TimeSpan left = deadline.Left;
            hasEnded = ProcessDescriptor.Wait(_descriptor, (long)Math.Ceiling((left < StopInterval ? left : StopInterval).TotalMilliseconds));
        }
        while (!hasEnded && !deadline.IsOver && !cancellationToken.IsCancellationRequested);
        return hasEnded;
    }

    /// <summary>Sends it a signal.</summary>
    /// <param name="number">The signal's number.</param>
    /// <returns>Whether it was sent; not where the process has ended, or is not this user's to signal.</returns>
    public bool Signal(int number) => ProcessDescriptor.Signal(_descriptor, number) == 0;

    /// <inheritdoc/>
    public void Dispose() => _descriptor.Dispose();
}
