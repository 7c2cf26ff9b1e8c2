using System.Globalization;
using System.Numerics;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Formats the fields of a register, and their changes: <c>LU=0->1</c>.</summary>
internal static class FieldText
{
    private const string Gap = "  ";
    private const int MostSingleBits = 4;

    /// <summary>Writes each field with its value, indented; writes nothing if the register has no fields.</summary>
    public static void Write(CliHost host, RegisterDescription? register, ulong value)
    {
        if (register is { Fields.Count: > 0 })
        {
            ItemText.Write(
                host, Gap, Gap.Length, RegisterText.Items(new RegisterReading(register, value), host.Terminal));
        }
    }

    /// <summary>Describes each field that differs, and the differing bits outside of fields.</summary>
    public static IEnumerable<string> Changes(RegisterDescription? register, ulong before, ulong after)
    {
        ulong unnamed = before ^ after;
        foreach (RegisterField field in register?.Fields ?? [])
        {
            unnamed &= ~field.Mask;
            if (field.Extract(before) != field.Extract(after))
            {
                yield return $"{field.Name}={Short(field, before)}->{Short(field, after)}";
            }
        }

        if (BitOperations.PopCount(unnamed) > MostSingleBits)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"bits 0x{unnamed:x}");
            yield break;
        }

        for (; unnamed != 0; unnamed &= unnamed - 1)
        {
            int bit = BitOperations.TrailingZeroCount(unnamed);
            yield return string.Create(
                CultureInfo.InvariantCulture, $"bit {bit}={(before >> bit) & 1}->{(after >> bit) & 1}");
        }
    }

    /// <summary>Writes the changes, indented; writes nothing if nothing changed.</summary>
    public static void WriteChanges(CliHost host, RegisterDescription? register, ulong before, ulong after)
    {
        TextItem[] items = [.. Changes(register, before, after)
            .Select(change => new TextItem(change, IsWord: !change.Contains(' ', StringComparison.Ordinal)))];
        if (items.Length != 0)
        {
            ItemText.Write(host, Gap, Gap.Length, items);
        }
    }

    private static string Short(RegisterField field, ulong value) =>
        field.IsFlag ? (field.Extract(value) != 0 ? "1" : "0") : Printable.Clean(field.Describe(value));
}
