namespace Vfio.Pci;

/// <summary>
/// Helpers with which the tables of registers are written. Offsets in a table count from the start of the capability,
/// so that one table serves every device. A table is built when the first capability of its kind is decoded.
/// </summary>
internal static class Layout
{
    internal const RegisterAccess Ro = RegisterAccess.ReadOnly;
    internal const RegisterAccess Rw = RegisterAccess.ReadWrite;
    internal const RegisterAccess W1C = RegisterAccess.WriteOneToClear;

    internal static RegisterDescription Register(
        string name, int offset, int width, RegisterAccess access, string meaning, params RegisterField[] fields) =>
        new(name, (ulong)offset, width, meaning, access, fields);

    internal static RegisterField Flag(string name, int bit, string meaning) => new(name, bit, 1, meaning);

    internal static RegisterField Number(string name, int lowBit, int bitCount, string meaning) =>
        new(name, lowBit, bitCount, meaning);

    internal static RegisterField Hex(string name, int lowBit, int bitCount, string meaning) =>
        new(name, lowBit, bitCount, meaning) { IsHexadecimal = true };

    internal static RegisterField Named(
        string name, int lowBit, int bitCount, string meaning, IReadOnlyList<RegisterFieldValue> values) =>
        new(name, lowBit, bitCount, meaning) { Values = values };

    /// <summary>Makes the names of the numbers from 0 on. An empty name stands for a number without one.</summary>
    internal static IReadOnlyList<RegisterFieldValue> Names(params string[] names)
    {
        List<RegisterFieldValue> values = new(names.Length);
        for (int i = 0; i < names.Length; i++)
        {
            if (names[i].Length != 0)
            {
                values.Add(new RegisterFieldValue((ulong)i, names[i]));
            }
        }

        return values.AsReadOnly();
    }
}
