using System.Globalization;

namespace Vfio.Pci;

/// <summary>A field of a register: consecutive bits with a name.</summary>
public sealed record RegisterField
{
    /// <summary>Creates an instance.</summary>
    /// <param name="name">
    /// The short name in the specification, <c>MQES</c>; at most 32 characters without spaces.
    /// </param>
    /// <param name="lowBit">The number of its lowest bit, from 0.</param>
    /// <param name="bitCount">The number of bits, from 1.</param>
    /// <param name="meaning">Its meaning, in a few words.</param>
    public RegisterField(string name, int lowBit, int bitCount, string meaning)
    {
        Name = name;
        LowBit = lowBit;
        BitCount = bitCount;
        Meaning = meaning;
    }

    /// <summary>The short name in the specification, <c>MQES</c>; at most 32 characters without spaces.</summary>
    public string Name { get; init; }

    /// <summary>The number of its lowest bit, from 0.</summary>
    public int LowBit { get; init; }

    /// <summary>The number of bits, from 1.</summary>
    public int BitCount { get; init; }

    /// <summary>Its meaning, in a few words.</summary>
    public string Meaning { get; init; }

    /// <summary>The values that have names; empty if the field is a number or a flag.</summary>
    public IReadOnlyList<RegisterFieldValue> Values { get; init; } = [];

    /// <summary>Gets whether the number is shown in hexadecimal.</summary>
    public bool IsHexadecimal { get; init; }

    /// <summary>Gets a mask of the field's bits.</summary>
    public ulong Mask => RegisterBits.Ones(BitCount) << LowBit;

    /// <summary>Gets whether the field is one bit without names for its values.</summary>
    public bool IsFlag => BitCount == 1 && Values.Count == 0;

    /// <summary>Gets the field's number from the register's value.</summary>
    /// <param name="raw">The register's value.</param>
    /// <returns>The bits, shifted down.</returns>
    public ulong Extract(ulong raw) => RegisterBits.GetBits(raw, LowBit, BitCount);

    /// <summary>Gets the register's value with this field changed.</summary>
    /// <param name="raw">The register's previous value.</param>
    /// <param name="number">The field's new number.</param>
    /// <returns>The register's new value.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number does not fit into the field.</exception>
    public ulong Insert(ulong raw, ulong number) => RegisterBits.SetBits(raw, LowBit, BitCount, number);

    /// <summary>Formats the field's value.</summary>
    /// <param name="raw">The register's value.</param>
    /// <returns><c>+</c> or <c>-</c> for a flag, the name of the value if it has one, otherwise the number.</returns>
    public string Describe(ulong raw)
    {
        ulong number = Extract(raw);
        if (IsFlag)
        {
            return number != 0 ? "+" : "-";
        }

        foreach (RegisterFieldValue value in Values)
        {
            if (value.Number == number)
            {
                return value.Name;
            }
        }

        return IsHexadecimal
            ? string.Create(CultureInfo.InvariantCulture, $"0x{number:x}")
            : number.ToString(CultureInfo.InvariantCulture);
    }
}

/// <summary>A named value of a field.</summary>
public readonly record struct RegisterFieldValue
{
    /// <summary>Creates a value.</summary>
    /// <param name="number">The value.</param>
    /// <param name="name">Its name.</param>
    public RegisterFieldValue(ulong number, string name)
    {
        Number = number;
        Name = name;
    }

    /// <summary>The value.</summary>
    public ulong Number { get; init; }

    /// <summary>Its name.</summary>
    public string Name { get; init; }
}
