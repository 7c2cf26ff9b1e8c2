using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Vfio.Host;

/// <summary>linux/if.h and linux/sockios.h: what is needed to read an interface's flags and name, and set them.</summary>
internal static class NetworkUapi
{
    public const int IFNAMSIZ = 16;
    public const nuint SIOCGIFFLAGS = 0x8913;
    public const nuint SIOCSIFFLAGS = 0x8914;
    public const nuint SIOCGIFCONF = 0x8912;
    public const nuint SIOCSIFNAME = 0x8923;
    public const ushort IFF_UP = 1;

    /// <summary>struct ifreq, for flags: the union's first member used here is a short.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    public struct ifreq_flags
    {
        [FieldOffset(0)]
        public Name ifr_name;

        [FieldOffset(16)]
        public ushort ifr_flags;
    }

    /// <summary>struct ifreq, for a new name.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    public struct ifreq_newname
    {
        [FieldOffset(0)]
        public Name ifr_name;

        [FieldOffset(16)]
        public Name ifr_newname;
    }

    /// <summary>struct ifconf: how many bytes of ifreq fit, then how many are there.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct ifconf
    {
        public int ifc_len;
        public void* ifc_buf;
    }

    /// <summary>struct ifreq, for an IPv4 address: a sockaddr_in in the union, its address 4 bytes in, in network order.</summary>
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
