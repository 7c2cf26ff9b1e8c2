using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Vfio.Pci;

namespace Vfio;

// Registers as values with fields.
public sealed unsafe partial class Region
{
    /// <summary>Reads a register: one access of its width.</summary>
    /// <typeparam name="T">The register's value.</typeparam>
    /// <param name="register">The register.</param>
    /// <returns>The value, with its fields.</returns>
    /// <inheritdoc cref="ReadUInt16"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Read<T>(Register<T> register)
        where T : struct, IRegisterValue<T> => T.FromRaw(ReadRaw(register.Offset, T.Width));

    /// <summary>Writes a register: one access of its width.</summary>
    /// <typeparam name="T">The register's value.</typeparam>
    /// <param name="register">The register.</param>
    /// <param name="value">The value to write.</param>
    /// <inheritdoc cref="WriteUInt16"/>
    // A driver's doorbell: benchmarks/disassembly checks the code that the compiler generates for it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write<T>(Register<T> register, T value)
        where T : struct, IRegisterValue<T>
    {
        switch (T.Width)
        {
            case 1: Write(register.Offset, (byte)value.Raw); break;
            case 2: Write(register.Offset, (ushort)value.Raw); break;
            case 4: Write(register.Offset, (uint)value.Raw); break;
            case 8: Write(register.Offset, value.Raw); break;
            default: ThrowWidth(T.Width); break;
        }
    }

    // The overloads for numbers have a lower priority, so that new(...) and default are values with fields.

    /// <summary>Writes a register that is a single number: one access of its width.</summary>
    /// <param name="register">The register.</param>
    /// <param name="value">The number to write.</param>
    /// <inheritdoc cref="WriteUInt16"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [OverloadResolutionPriority(-1)]
    public void Write(Register<RawUInt16> register, ushort value) => Write<ushort>(register.Offset, value);

    /// <inheritdoc cref="Write(Register{RawUInt16}, ushort)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [OverloadResolutionPriority(-1)]
    public void Write(Register<RawUInt32> register, uint value) => Write<uint>(register.Offset, value);

    /// <inheritdoc cref="Write(Register{RawUInt16}, ushort)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [OverloadResolutionPriority(-1)]
    public void Write(Register<RawUInt64> register, ulong value) => Write<ulong>(register.Offset, value);

    /// <summary>Writes a register that is an address for the device: one access of 8 bytes.</summary>
    /// <param name="register">The register.</param>
    /// <param name="value">The address to write.</param>
    /// <inheritdoc cref="WriteUInt16"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [OverloadResolutionPriority(-1)]
    public void Write(Register<RawUInt64> register, Iova value) => Write<ulong>(register.Offset, value.Value);

    // The compiler resolves the switch, because the width of a register's type is a constant.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong ReadRaw(ulong offset, int width)
    {
        switch (width)
        {
            case 1: return Read<byte>(offset);
            case 2: return Read<ushort>(offset);
            case 4: return Read<uint>(offset);
            case 8: return Read<ulong>(offset);
            default: ThrowWidth(width); return 0;
        }
    }

    [DoesNotReturn]
    private static void ThrowWidth(int width) =>
        throw new NotSupportedException($"a register cannot be {width} bytes wide; 1, 2, 4 and 8 are supported");
}
