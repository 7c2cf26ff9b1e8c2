using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>
/// Reads and sets the flags and the name of a network interface (netdevice(7)). Returns the errno, 0 for success.
/// </summary>
internal static unsafe class NetworkInterfaceIoctl
{
    // 64 KiB have room for 1,638 addresses.
    private const int AnswerBytes = 64 * 1024;

    /// <summary>
    /// Gets the IPv4 addresses of all interfaces. A labelled address ("eth0:vip") counts for its interface.
    /// </summary>
    public static IReadOnlyList<(string Interface, IPAddress Address)> GetIPv4Addresses()
    {
        byte[] buffer = new byte[AnswerBytes];
        List<(string, IPAddress)> addresses = [];
        fixed (byte* start = buffer)
        {
            NetworkUapi.ifconf request = new() { ifc_len = AnswerBytes, ifc_buf = start };
            if (Call(HostLibc.AF_INET, NetworkUapi.SIOCGIFCONF, &request) != 0)
            {
                return addresses;
            }

            int size = sizeof(NetworkUapi.ifreq_address);
            for (int at = 0; at + size <= Math.Min(request.ifc_len, AnswerBytes); at += size)
            {
                NetworkUapi.ifreq_address answer = MemoryMarshal.Read<NetworkUapi.ifreq_address>(buffer.AsSpan(at));
                ReadOnlySpan<byte> name = answer.ifr_name;
                int end = name.IndexOfAny((byte)0, (byte)':');
                addresses.Add((FileName.Decode(end < 0 ? name : name[..end]), new IPAddress(answer.sin_addr)));
            }
        }

        return addresses;
    }

    /// <summary>Brings an interface up, and keeps its other flags.</summary>
    public static int SetUp(string name)
    {
        NetworkUapi.ifreq_flags request = new() { ifr_name = ToName(name) };
        int errno = Call(HostLibc.AF_UNIX, NetworkUapi.SIOCGIFFLAGS, &request);
        if (errno != 0)
        {
            return errno;
        }

        request.ifr_flags |= NetworkUapi.IFF_UP;
        return Call(HostLibc.AF_UNIX, NetworkUapi.SIOCSIFFLAGS, &request);
    }

    /// <summary>Renames an interface that is down.</summary>
    public static int Rename(string name, string newName)
    {
        NetworkUapi.ifreq_newname request = new() { ifr_name = ToName(name), ifr_newname = ToName(newName) };
        return Call(HostLibc.AF_UNIX, NetworkUapi.SIOCSIFNAME, &request);
    }

    private static int Call(int family, nuint request, void* argument)
    {
        using SafeFileHandle socket = HostLibc.Socket(family, HostLibc.SOCK_DGRAM | HostLibc.SOCK_CLOEXEC, 0);
        if (socket.IsInvalid)
        {
            return Marshal.GetLastPInvokeError();
        }

        return Libc.Ioctl(socket, request, argument) < 0 ? Marshal.GetLastPInvokeError() : 0;
    }

    // A name longer than the kernel's 15 bytes matches no interface, but cut to 15 it might match another. It is
    // replaced by the empty name, which matches none.
    private static NetworkUapi.Name ToName(string text)
    {
        NetworkUapi.Name name = default;
        byte[] bytes = FileName.Encode(text);
        if (bytes.Length < NetworkUapi.IFNAMSIZ)
        {
            bytes.CopyTo(name);
        }

        return name;
    }
}
