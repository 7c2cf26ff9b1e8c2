namespace Vfio;

/// <summary>
/// The exception for a failed call to the kernel or a failed operation of a device. It says what failed, on what, the
/// errno if there is one, and what a person can do about it.
/// </summary>
/// <remarks>
/// <see cref="Exception.Message"/> is one line, <c>operation on subject: EBUSY (Device or resource busy)</c>, without
/// the hint; a program that shows it to a person shows <see cref="Hint"/> below it.
/// </remarks>
public class VfioException : Exception
{
    /// <summary>Creates the exception of a failed system call.</summary>
    /// <param name="operation">
    /// What failed, with the kernel's name if it has one: <c>VFIO_GROUP_SET_CONTAINER</c>, <c>open</c>.
    /// </param>
    /// <param name="subject">On what: <c>group 12</c>, <c>/dev/vfio/vfio</c>.</param>
    /// <param name="errno">The errno, captured right after the call; positive.</param>
    /// <param name="hint">What a person can do, in one line; or <see langword="null"/>.</param>
    public VfioException(string operation, string subject, int errno, string? hint = null)
        : base($"{Join(operation, subject)}: {ErrnoNames.Describe(errno)}")
    {
        Operation = operation;
        Subject = subject;
        Errno = errno;
        Hint = hint;
    }

    /// <summary>Creates the exception of an operation that failed for another reason than an errno.</summary>
    /// <param name="operation">What failed.</param>
    /// <param name="subject">On what.</param>
    /// <param name="reason">The reason, as the end of the sentence <c>operation on subject: reason</c>.</param>
    /// <param name="hint">What a person can do, in one line; or <see langword="null"/>.</param>
    public VfioException(string operation, string subject, string reason, string? hint = null)
        : base($"{Join(operation, subject)}: {reason}")
    {
        Operation = operation;
        Subject = subject;
        Hint = hint;
    }

    /// <summary>Gets what failed, with the kernel's name if it has one.</summary>
    public string Operation { get; }

    /// <summary>Gets what it failed on: a device, a group, a node, a file.</summary>
    public string Subject { get; }

    /// <summary>Gets the errno of the failed call; 0 if no system call failed.</summary>
    public int Errno { get; }

    /// <summary>
    /// Gets what a person can do about it, in one line; <see langword="null"/> if there is no general advice.
    /// </summary>
    public string? Hint { get; }

    /// <summary>
    /// Gets what has to change so that the operation works, if it is one of the known reasons; otherwise
    /// <see cref="VfioErrorReason.Other"/>.
    /// </summary>
    public VfioErrorReason Reason { get; init; }

    /// <summary>
    /// Gets the device that <see cref="Reason"/> is about: its PCI address or UUID; <see langword="null"/> if it is not
    /// about a device.
    /// </summary>
    public string? Device { get; init; }

    // "set the ACL of", "look up": the subject follows without "on".
    private static string Join(string operation, string subject) =>
        operation.EndsWith(" of", StringComparison.Ordinal) || operation.EndsWith(" up", StringComparison.Ordinal)
            ? $"{operation} {subject}"
            : $"{operation} on {subject}";
}
