using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>
/// A process of the running host, identified by a descriptor (pidfd): after the process has ended its ID may be reused,
/// but this object still refers to the process that was found.
/// </summary>
/// <remarks>Owns the descriptor, not the process. Thread-safe. Needs Linux 5.3 or later.</remarks>
internal sealed class HostProcess : IDisposable
{
    private static readonly TimeSpan StopInterval = TimeSpan.FromMilliseconds(100);

    private readonly SafeFileHandle _descriptor;

    private HostProcess(int id, SafeFileHandle descriptor)
    {
        Id = id;
        _descriptor = descriptor;
    }

    /// <summary>Gets the process ID.</summary>
    public int Id { get; }

    /// <summary>Gets whether it has ended.</summary>
    public bool HasEnded => ProcessDescriptor.Wait(_descriptor, 0);

    /// <summary>Gets the user who started it (the real user ID); <see langword="null"/> if it has ended.</summary>
    public uint? UserId
    {
        get
        {
            // Read the user before testing the descriptor: if the process has not ended then, the ID was still its own.
            uint? user = HolderNames.ReadUserId($"/proc/{Id}");
            return HasEnded ? null : user;
        }
    }

    /// <summary>Finds a process.</summary>
    /// <param name="id">The process ID.</param>
    /// <returns>
    /// The process; <see langword="null"/> if no process has this ID, or the kernel does not support pidfds.
    /// </returns>
    public static HostProcess? Find(int id) => id > 0 && ProcessDescriptor.Open(id, out SafeFileHandle descriptor) == 0
        ? new HostProcess(id, descriptor)
        : null;

    /// <summary>
    /// Moves this process into a new session, so that signals of a terminal or of a shell's job control do not reach
    /// it.
    /// </summary>
    /// <returns>Whether it did; <see langword="false"/> if it leads a process group already.</returns>
    public static bool LeaveSession() => ProcessDescriptor.LeaveSession();

    /// <summary>Waits until it has ended, without a limit.</summary>
    public void WaitForEnd() => _ = ProcessDescriptor.Wait(_descriptor, -1);

    /// <summary>Waits until it has ended, for a limited time.</summary>
    /// <param name="time">The greatest time to wait; not negative.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it has ended.</returns>
    public bool WaitForEnd(TimeSpan time, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        Deadline deadline = Deadline.In(time);
        bool hasEnded;
        do
        {
            // A signal that this process handles ends a wait early, but a canceled token does not, so it is polled.
            TimeSpan left = deadline.Left;
            hasEnded = ProcessDescriptor.Wait(
                _descriptor, (long)Math.Ceiling((left < StopInterval ? left : StopInterval).TotalMilliseconds));
        }
        while (!hasEnded && !deadline.IsOver && !cancellationToken.IsCancellationRequested);
        return hasEnded;
    }

    /// <summary>Sends it a signal.</summary>
    /// <param name="number">The signal's number.</param>
    /// <returns>
    /// Whether it was sent; <see langword="false"/> if the process has ended, or this user may not signal it.
    /// </returns>
    public bool Signal(int number) => ProcessDescriptor.Signal(_descriptor, number) == 0;

    /// <inheritdoc/>
    public void Dispose() => _descriptor.Dispose();
}
