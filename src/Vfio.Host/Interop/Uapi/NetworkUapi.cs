using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Vfio.Host;

/// <summary>
/// The parts of linux/if.h and linux/sockios.h that read and set the flags and the name of an interface.
/// </summary>
internal static class NetworkUapi
{
    public const int IFNAMSIZ = 16;
    public const nuint SIOCGIFFLAGS = 0x8913;
    public const nuint SIOCSIFFLAGS = 0x8914;
    public const nuint SIOCGIFCONF = 0x8912;
    public const nuint SIOCSIFNAME = 0x8923;
    public const ushort IFF_UP = 1;

    /// <summary>struct ifreq for flags: the union's member is a short.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    public struct ifreq_flags
    {
        [FieldOffset(0)]
        public Name ifr_name;

        [FieldOffset(16)]
        public ushort ifr_flags;
    }

    /// <summary>struct ifreq for a new name.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    public struct ifreq_newname
    {
        [FieldOffset(0)]
        public Name ifr_name;

        [FieldOffset(16)]
        public Name ifr_newname;
    }

    /// <summary>struct ifconf: how many bytes of ifreq fit, then how many were written.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct ifconf
    {
        public int ifc_len;
        public void* ifc_buf;
    }

    /// <summary>
    /// struct ifreq for an IPv4 address: the union's member is a sockaddr_in, with the address at its byte 4 in network
    /// order.
    /// </summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    public struct ifreq_address
    {
        [FieldOffset(0)]
        public Name ifr_name;

        [FieldOffset(20)]
        public uint sin_addr;
    }

    [InlineArray(IFNAMSIZ)]
    public struct Name
    {
        private byte _first;
    }
}
