using System.Globalization;

namespace Vfio.Pci;

/// <summary>A field of a register: successive bits with a name.</summary>
public sealed record RegisterField
{
    /// <summary>Creates an instance.</summary>
    /// <param name="name">The specification's short name, <c>MQES</c>; at most 32 characters without spaces.</param>
    /// <param name="lowBit">The lowest bit's number, from 0.</param>
    /// <param name="bitCount">How many bits, from 1.</param>
    /// <param name="meaning">What it says, in a few words.</param>
    public RegisterField(string name, int lowBit, int bitCount, string meaning)
    {
        Name = name;
        LowBit = lowBit;
        BitCount = bitCount;
        Meaning = meaning;
    }

    /// <summary>The specification's short name, <c>MQES</c>; at most 32 characters without spaces.</summary>
    public string Name { get; init; }

    /// <summary>The lowest bit's number, from 0.</summary>
    public int LowBit { get; init; }

    /// <summary>How many bits, from 1.</summary>
    public int BitCount { get; init; }

    /// <summary>What it says, in a few words.</summary>
    public string Meaning { get; init; }

    /// <summary>The values that have names; empty where the field is a number or a flag.</summary>
    public IReadOnlyList<RegisterFieldValue> Values { get; init; } = [];

    /// <summary>Whether people read the number in hexadecimal.</summary>
    public bool IsHexadecimal { get; init; }

    /// <summary>The field's bits, in their place.</summary>
    public ulong Mask => RegisterBits.Ones(BitCount) << LowBit;

    /// <summary>Whether the field is one bit without names for its values.</summary>
    public bool IsFlag => BitCount == 1 && Values.Count == 0;

    /// <summary>The field's number.</summary>
    /// <param name="raw">The register's value.</param>
    /// <returns>The bits, shifted down.</returns>
    public ulong Extract(ulong raw) => RegisterBits.GetBits(raw, LowBit, BitCount);

    /// <summary>The register's value with this field changed.</summary>
    /// <param name="raw">The register's value of before.</param>
    /// <param name="number">The field's new number.</param>
    /// <returns>The register's new value.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number does not fit into the field.</exception>
    public ulong Insert(ulong raw, ulong number) => RegisterBits.SetBits(raw, LowBit, BitCount, number);

    /// <summary>The field as people read it.</summary>
    /// <param name="raw">The register's value.</param>
    /// <returns><c>+</c> or <c>-</c> for a flag, the name of the value where it has one, else the number.</returns>
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

/// <summary>A value of a field that has a name.</summary>
public readonly record struct RegisterFieldValue
{
    /// <summary>Creates a value.</summary>
    /// <param name="number">The field's number.</param>
    /// <param name="name">What it means.</param>
    public RegisterFieldValue(ulong number, string name)
    {
        Number = number;
        Name = name;
    }

    /// <summary>The field's number.</summary>
    public ulong Number { get; init; }

    /// <summary>What it means.</summary>
    public string Name { get; init; }
}
