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
}
