using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Vfio.Cli;

/// <summary>The fields of a register in words: <c>FD+</c>, <c>SPEED=1000 Mb/s</c>; and what changed: <c>LU=0->1</c>.</summary>
internal static class FieldText
{
    private const string Gap = "  ";
    private const int MostSingleBits = 4;

    /// <summary>Each field with its value.</summary>
    public static IEnumerable<string> Describe(RegisterDescription? register, ulong value) =>
        (register?.Fields ?? []).Select(field => field.IsFlag
            ? field.Name + field.Describe(value)
            : $"{field.Name}={Printable.Clean(field.Describe(value))}");

    /// <summary>Each field that differs, and the bits that differ outside of fields.</summary>
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
            yield return string.Create(CultureInfo.InvariantCulture, $"bit {bit}={(before >> bit) & 1}->{(after >> bit) & 1}");
        }
    }

    /// <summary>Words in lines, two spaces between them, no word broken.</summary>
    public static IEnumerable<string> Wrap(IEnumerable<string> words, int columns)
    {
        string line = "";
        foreach (string word in words)
        {
            if (line.Length != 0 && Printable.Width(line) + Gap.Length + Printable.Width(word) > columns)
            {
                yield return line;
                line = "";
            }

            line = line.Length == 0 ? word : line + Gap + word;
        }

        if (line.Length != 0)
        {
            yield return line;
        }
    }

    /// <summary>Writes the lines of a register's words, indented.</summary>
    public static void WriteIndented(CliHost host, IEnumerable<string> words)
    {
        foreach (string line in Wrap(words, (host.Terminal.Width ?? int.MaxValue) - Gap.Length))
        {
            host.Out.WriteLine(Gap + line);
        }
    }

    /// <summary>The property <c>fields</c>: an object from name to value, <see langword="true"/> or <see langword="false"/> for a flag.</summary>
    public static void WriteFields(this Utf8JsonWriter json, RegisterDescription? register, ulong value)
    {
        if (register is not { Fields.Count: > 0 })
        {
            json.WriteNull("fields");
            return;
        }

        json.WriteStartObject("fields");
        foreach (RegisterField field in register.Fields)
        {
            if (field.IsFlag)
            {
                json.WriteBoolean(field.Name, field.Extract(value) != 0);
            }
            else
            {
                json.WriteText(field.Name, field.Describe(value));
            }
        }

        json.WriteEndObject();
    }

    /// <summary>The property <c>changes</c>: the words of <see cref="Changes"/>.</summary>
    public static void WriteChanges(this Utf8JsonWriter json, RegisterDescription? register, ulong before, ulong after)
    {
        json.WriteStartArray("changes");
        foreach (string change in Changes(register, before, after))
        {
            json.WriteStringValue(Printable.Clean(change));
        }

        json.WriteEndArray();
    }

    private static string Short(RegisterField field, ulong value) =>
        field.IsFlag ? (field.Extract(value) != 0 ? "1" : "0") : Printable.Clean(field.Describe(value));
}
