using Vfio.Pci;

namespace Vfio;

/// <summary>Reads and writes registers as values with fields.</summary>
public static class RegionRegisters
{
    /// <summary>Reads a register: one access of its width.</summary>
    /// <typeparam name="T">The register's value.</typeparam>
    /// <param name="region">The region.</param>
    /// <param name="register">The register.</param>
    /// <returns>The value, with its fields.</returns>
    /// <inheritdoc cref="Region.ReadUInt16"/>
    public static T Read<T>(this Region region, Register<T> register)
        where T : struct, IRegisterValue<T>
    {
        ArgumentNullException.ThrowIfNull(region);
        return T.FromRaw(T.Width switch
        {
            1 => region.ReadByte(register.Offset),
            2 => region.ReadUInt16(register.Offset),
            4 => region.ReadUInt32(register.Offset),
            8 => region.ReadUInt64(register.Offset),
            _ => throw WrongWidth<T>(),
        });
    }

    /// <summary>Writes a register: one access of its width.</summary>
    /// <typeparam name="T">The register's value.</typeparam>
    /// <param name="region">The region.</param>
    /// <param name="register">The register.</param>
    /// <param name="value">The value to write.</param>
    /// <inheritdoc cref="Region.WriteUInt16"/>
    public static void Write<T>(this Region region, Register<T> register, T value)
        where T : struct, IRegisterValue<T>
    {
        ArgumentNullException.ThrowIfNull(region);
        switch (T.Width)
        {
            case 1: region.WriteByte(register.Offset, (byte)value.Raw); break;
            case 2: region.WriteUInt16(register.Offset, (ushort)value.Raw); break;
            case 4: region.WriteUInt32(register.Offset, (uint)value.Raw); break;
            case 8: region.WriteUInt64(register.Offset, value.Raw); break;
            default: throw WrongWidth<T>();
        }
    }

    private static InvalidOperationException WrongWidth<T>()
        where T : struct, IRegisterValue<T> =>
        new($"{typeof(T).Name} has {T.Width} bytes; a register has 1, 2, 4 or 8");
}
