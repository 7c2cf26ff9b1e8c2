using System.Runtime.InteropServices;

namespace Vfio;

/// <summary>
/// Defines the errno values that this library tests for, and the names that people search for. The numbers are those of
/// asm-generic (x86, arm64, riscv).
/// </summary>
internal static class Errno
{
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int ESRCH = 3;
    public const int EINTR = 4;
    public const int EIO = 5;
    public const int E2BIG = 7;
    public const int EBADF = 9;
    public const int EAGAIN = 11;
    public const int ENOMEM = 12;
    public const int EACCES = 13;
    public const int EFAULT = 14;
    public const int EBUSY = 16;
    public const int EEXIST = 17;
    public const int ENODEV = 19;
    public const int EINVAL = 22;
    public const int ENFILE = 23;
    public const int EMFILE = 24;
    public const int ENOTTY = 25;
    public const int ENOSPC = 28;
    public const int EROFS = 30;
    public const int EPIPE = 32;
    public const int ENOMSG = 42;
    public const int EOVERFLOW = 75;
    public const int EMSGSIZE = 90;
    public const int EOPNOTSUPP = 95;
    public const int EADDRNOTAVAIL = 99;
    public const int ECONNRESET = 104;
    public const int ENOBUFS = 105;
    public const int ECONNREFUSED = 111;
}

internal static class ErrnoNames
{
    public static string Describe(int errno) => $"{Name(errno)} ({Marshal.GetPInvokeErrorMessage(errno)})";

    private static string Name(int errno) => errno switch
    {
        Errno.EPERM => "EPERM",
        Errno.ENOENT => "ENOENT",
        Errno.ESRCH => "ESRCH",
        Errno.EINTR => "EINTR",
        Errno.EIO => "EIO",
        6 => "ENXIO",
        Errno.E2BIG => "E2BIG",
        Errno.EBADF => "EBADF",
        Errno.EAGAIN => "EAGAIN",
        Errno.ENOMEM => "ENOMEM",
        Errno.EACCES => "EACCES",
        Errno.EFAULT => "EFAULT",
        Errno.EBUSY => "EBUSY",
        Errno.EEXIST => "EEXIST",
        Errno.ENODEV => "ENODEV",
        20 => "ENOTDIR",
        21 => "EISDIR",
        Errno.EINVAL => "EINVAL",
        Errno.ENFILE => "ENFILE",
        Errno.EMFILE => "EMFILE",
        Errno.ENOTTY => "ENOTTY",
        26 => "ETXTBSY",
        27 => "EFBIG",
        Errno.ENOSPC => "ENOSPC",
        29 => "ESPIPE",
        Errno.EROFS => "EROFS",
        Errno.EPIPE => "EPIPE",
        34 => "ERANGE",
        36 => "ENAMETOOLONG",
        38 => "ENOSYS",
        39 => "ENOTEMPTY",
        Errno.ENOMSG => "ENOMSG",
        Errno.EOVERFLOW => "EOVERFLOW",
        Errno.EMSGSIZE => "EMSGSIZE",
        Errno.EOPNOTSUPP => "EOPNOTSUPP",
        Errno.EADDRNOTAVAIL => "EADDRNOTAVAIL",
        Errno.ECONNRESET => "ECONNRESET",
        107 => "ENOTCONN",
        110 => "ETIMEDOUT",
        Errno.ECONNREFUSED => "ECONNREFUSED",
        _ => $"errno {errno}",
    };
}
