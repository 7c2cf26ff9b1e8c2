namespace Vfio.Pci;

/// <summary>A register and the value that was read from it.</summary>
/// <param name="Register">The register.</param>
/// <param name="Raw">The value.</param>
public readonly record struct RegisterReading(RegisterDescription Register, ulong Raw)
{
    /// <summary>A field's number.</summary>
    /// <param name="name">The field's short name; upper and lower case are the same.</param>
    /// <returns>The number, or <see langword="null"/> where the register has no field of that name.</returns>
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
