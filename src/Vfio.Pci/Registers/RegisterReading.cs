using System.Globalization;

namespace Vfio.Pci;

/// <summary>A register and the value that was read from it.</summary>
public readonly record struct RegisterReading
{
    /// <summary>Creates a value.</summary>
    /// <param name="register">The register.</param>
    /// <param name="raw">The value.</param>
    public RegisterReading(RegisterDescription register, ulong raw)
    {
        Register = register;
        Raw = raw;
    }

    /// <summary>The register.</summary>
    public RegisterDescription Register { get; init; }

    /// <summary>The value.</summary>
    public ulong Raw { get; init; }

    /// <summary>Gets a field's number.</summary>
    /// <param name="name">The field's short name; case is ignored.</param>
    /// <returns>The number; <see langword="null"/> if the register has no field with this name.</returns>
    public ulong? GetField(string name)
    {
        foreach (RegisterField field in Register.Fields)
        {
            if (field.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return field.Extract(Raw);
            }
        }

        return null;
    }

    /// <summary>Formats the register with its name, its value and its fields.</summary>
    /// <returns>A text like <c>ID 0x010000ed  MAGIC 0xed, MINOR 0, MAJOR 1</c>.</returns>
    public override string ToString() => ToString(Register.Name.Length);

    /// <summary>Formats the register as one row of a table of registers.</summary>
    /// <param name="nameWidth">The width of the column of names, in characters.</param>
    /// <returns>The name, the value with all its digits, and the fields by name.</returns>
    public string ToString(int nameWidth)
    {
        string value = Raw.ToString($"x{2 * Register.Width}", CultureInfo.InvariantCulture);
        ulong raw = Raw;
        IEnumerable<string> fields = Register.Fields.Select(
            field => $"{field.Name}{(field.IsFlag ? "" : " ")}{field.Describe(raw)}");
        return $"{Register.Name.PadRight(nameWidth)} 0x{value}  {string.Join(", ", fields)}".TrimEnd();
    }
}
