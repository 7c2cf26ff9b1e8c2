namespace Vfio.Host;

/// <summary>A change of a device that a command left unfinished: the child process that made it has not ended.</summary>
internal sealed class PendingChange(HostRoot host, BindingJournal journal)
{
    private const int SIGKILL = 9;

    /// <summary>How long a child has that is not blocked in the kernel.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    /// <summary>Finds the child of an entry that has not ended, whether its command still runs or not.</summary>
    public ProcessIdentity? FindWriter(JournalEntry? entry) => entry?.Writer is ProcessIdentity writer && writer.IsAlive(host) ? writer : null;

    /// <summary>Finds the child of an unfinished change, whose command has ended. Ordinary users see any change as unfinished.</summary>
    public ProcessIdentity? Find(JournalEntry? entry) => FindWriter(entry) is ProcessIdentity writer && !journal.IsChanging(entry!.Address) ? writer : null;

    /// <summary>
    /// Ends the child that an earlier command left behind, so that nothing but the caller changes the device. The caller holds the device's
    /// lock. A child that had not begun to write ends at once; one that is blocked in the kernel ends when the kernel is done.
    /// </summary>
    /// <param name="entry">The device's entry; <see langword="null"/> if it has none.</param>
    /// <param name="operation">What the caller wants to do: <c>bind</c>.</param>
    /// <param name="patience">How long to wait for a blocked child, and what ends the waiting.</param>
    /// <exception cref="ChangePendingException">The child is blocked in the kernel.</exception>
    public void Settle(JournalEntry? entry, string operation, HolderWait? patience)
    {
        if (FindWriter(entry) is ProcessIdentity writer && !End(writer, patience))
        {
            throw new ChangePendingException(entry!.Address, operation, Describe(writer), $"end the program that holds the device, then: vfio release {entry.Address}");
        }
    }

    private bool End(ProcessIdentity writer, HolderWait? patience)
    {
        // Elsewhere the number means another process.
        using HostProcess? child = host.IsRunningHost ? HostProcess.Find(writer.Id) : null;
        // The descriptor was opened by number: if the process is still there, it is this one's.
        if (child is null || !writer.IsAlive(host))
        {
            return !writer.IsAlive(host);
        }

        _ = child.Signal(SIGKILL);
        TimeSpan time = patience is not null && patience.Timeout > EndPatience ? patience.Timeout : EndPatience;
        return child.WaitForEnd(time, patience?.CancellationToken ?? CancellationToken.None);
    }

    /// <summary>An unfinished change in words, as the end of a sentence about the device.</summary>
    public static string Describe(ProcessIdentity writer) => $"the kernel has not completed an earlier change of it: process {writer.Id} waits for that";
}
