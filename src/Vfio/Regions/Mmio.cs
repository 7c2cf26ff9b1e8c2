using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Vfio;

/// <summary>
/// Makes one load or store of exactly the stated width, little-endian, at an aligned address of a device. The test of
/// the type is resolved when the method is compiled.
/// </summary>
internal static unsafe class Mmio
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(byte* address)
        where T : unmanaged
    {
        if (sizeof(T) == 1)
        {
            return Unsafe.BitCast<byte, T>(Volatile.Read(ref *address));
        }

        if (sizeof(T) == 2)
        {
            ushort value = Volatile.Read(ref *(ushort*)address);
            return Unsafe.BitCast<ushort, T>(
                BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value));
        }

        if (sizeof(T) == 4)
        {
            uint value = Volatile.Read(ref *(uint*)address);
            return Unsafe.BitCast<uint, T>(
                BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value));
        }

        ulong wide = Volatile.Read(ref *(ulong*)address);
        return Unsafe.BitCast<ulong, T>(BitConverter.IsLittleEndian ? wide : BinaryPrimitives.ReverseEndianness(wide));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<T>(byte* address, T value)
        where T : unmanaged
    {
        if (sizeof(T) == 1)
        {
            Volatile.Write(ref *address, Unsafe.BitCast<T, byte>(value));
        }
        else if (sizeof(T) == 2)
        {
            ushort bits = Unsafe.BitCast<T, ushort>(value);
            Volatile.Write(
                ref *(ushort*)address, BitConverter.IsLittleEndian ? bits : BinaryPrimitives.ReverseEndianness(bits));
        }
        else if (sizeof(T) == 4)
        {
            uint bits = Unsafe.BitCast<T, uint>(value);
            Volatile.Write(
                ref *(uint*)address, BitConverter.IsLittleEndian ? bits : BinaryPrimitives.ReverseEndianness(bits));
        }
        else
        {
            ulong bits = Unsafe.BitCast<T, ulong>(value);
            Volatile.Write(
                ref *(ulong*)address, BitConverter.IsLittleEndian ? bits : BinaryPrimitives.ReverseEndianness(bits));
        }
    }

    /// <summary>Stores in ordinary memory, without an order: the compiler may combine neighbouring stores.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteRelaxed<T>(byte* address, T value)
        where T : unmanaged
    {
        if (!BitConverter.IsLittleEndian)
        {
            Write(address, value);
        }
        else if (sizeof(T) == 1)
        {
            *address = Unsafe.BitCast<T, byte>(value);
        }
        else if (sizeof(T) == 2)
        {
            *(ushort*)address = Unsafe.BitCast<T, ushort>(value);
        }
        else if (sizeof(T) == 4)
        {
            *(uint*)address = Unsafe.BitCast<T, uint>(value);
        }
        else
        {
            *(ulong*)address = Unsafe.BitCast<T, ulong>(value);
        }
    }
}
