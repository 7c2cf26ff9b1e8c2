using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Vfio.Interop.Uapi;

namespace Vfio.Interop;

/// <summary>Reads and sets an interface's flags and name (netdevice(7)); the errno comes back, 0 where it worked.</summary>
internal static unsafe class NetworkInterfaceIoctl
{
    public static IPAddress? GetIPv4Address(string name)
    {
        NetIf.ifreq_address request = new() { ifr_name = ToName(name) };
        return Call(Libc.AF_INET, NetIf.SIOCGIFADDR, &request) == 0 ? new IPAddress(request.sin_addr) : null;
    }

    /// <summary>Switches the interface up, leaving its other flags.</summary>
    public static int SetUp(string name)
    {
        NetIf.ifreq_flags request = new() { ifr_name = ToName(name) };
        int errno = Call(Libc.AF_UNIX, NetIf.SIOCGIFFLAGS, &request);
        if (errno != 0)
        {
            return errno;
        }

        request.ifr_flags |= NetIf.IFF_UP;
        return Call(Libc.AF_UNIX, NetIf.SIOCSIFFLAGS, &request);
    }

    /// <summary>Renames an interface that is down.</summary>
    public static int Rename(string name, string newName)
    {
        NetIf.ifreq_newname request = new() { ifr_name = ToName(name), ifr_newname = ToName(newName) };
        return Call(Libc.AF_UNIX, NetIf.SIOCSIFNAME, &request);
    }

    private static int Call(int family, nuint request, void* argument)
    {
        using SafeFileHandle socket = Libc.Socket(family, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        if (socket.IsInvalid)
        {
            return Marshal.GetLastPInvokeError();
        }

        return Libc.Ioctl(socket, request, argument) < 0 ? Marshal.GetLastPInvokeError() : 0;
    }

    // A name longer than the kernel's 15 bytes names no interface; cut, it might name another. The empty name names none.
    private static NetIf.Name ToName(string text)
    {
        NetIf.Name name = default;
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length < NetIf.IFNAMSIZ)
        {
            bytes.CopyTo(name);
        }

        return name;
    }
}
