namespace Vfio.Host;

/// <summary>
/// A change of a device that a command left unfinished: the child process that makes it has not ended.
/// </summary>
internal sealed class PendingChange(HostRoot host, BindingJournal journal)
{
    private const int SIGKILL = 9;

    /// <summary>How long a killed child process may take to end if it is not blocked in the kernel.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    /// <summary>Finds the child process of an entry if it still runs, whether or not its command still runs.</summary>
    public ProcessIdentity? FindWriter(JournalEntry? entry) =>
        entry?.Writer is ProcessIdentity writer && writer.IsAlive(host) ? writer : null;

    /// <summary>
    /// Finds the child process of an unfinished change whose command has ended. For an ordinary user, who cannot see
    /// the lock, every change that is still going on looks unfinished.
    /// </summary>
    public ProcessIdentity? Find(JournalEntry? entry) =>
        FindWriter(entry) is ProcessIdentity writer && !journal.IsChanging(entry!.Address) ? writer : null;

    /// <summary>
    /// Ends the child process that an earlier command left behind, so that only the caller changes the device. The
    /// caller holds the device's lock. A child process that has not begun to write ends at once; one that is blocked in
    /// the kernel ends when the kernel completes the change.
    /// </summary>
    /// <param name="entry">The device's entry; <see langword="null"/> if it has none.</param>
    /// <param name="operation">What the caller wants to do: <c>bind</c>.</param>
    /// <param name="patience">How long to wait for a blocked child process, and what cancels the wait.</param>
    /// <exception cref="ChangePendingException">The child process is blocked in the kernel.</exception>
    public void Settle(JournalEntry? entry, string operation, HolderWait? patience)
    {
        if (FindWriter(entry) is ProcessIdentity writer && !End(writer, patience))
        {
            throw new ChangePendingException(
                entry!.Address,
                operation,
                Describe(writer),
                $"end the program that holds the device, then run: vfio release {entry.Address}");
        }
    }

    private bool End(ProcessIdentity writer, HolderWait? patience)
    {
        // On another host, or in a copy of one, the process ID means a different process.
        using HostProcess? child = host.IsRunningHost ? HostProcess.Find(writer.Id) : null;
        // The descriptor was opened by process ID. If the recorded process is still alive now, the descriptor refers to
        // it.
        if (child is null || !writer.IsAlive(host))
        {
            return !writer.IsAlive(host);
        }

        _ = child.Signal(SIGKILL);
        TimeSpan time = patience is not null && patience.Timeout > EndPatience ? patience.Timeout : EndPatience;
        return child.WaitForEnd(time, patience?.CancellationToken ?? CancellationToken.None);
    }

    /// <summary>Describes an unfinished change, as the end of a sentence about the device.</summary>
    public static string Describe(ProcessIdentity writer) =>
        $"the kernel has not completed an earlier change of it: process {writer.Id} is waiting for it";
}
