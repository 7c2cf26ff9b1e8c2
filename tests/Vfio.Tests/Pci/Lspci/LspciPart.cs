using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Vfio.Pci;

namespace Vfio.Tests.Pci;

/// <summary>
/// Writes the decoded registers of a capability, or of the header, with templates in lspci's layout. All values come
/// from the decoding: names of values, signs of flags, derived texts. What a template uses is recorded.
/// </summary>
internal sealed partial class LspciPart(
    string name,
    int offset,
    IReadOnlyList<RegisterReading> registers,
    IReadOnlyList<PciDerivedValue> derived,
    int imageLength,
    StringBuilder text,
    ISet<string>? used)
{
    private int _nextDerived;

    public int Offset => offset;

    /// <summary>
    /// Returns whether the image contains these bytes; lspci fetches a group of registers completely or not at all.
    /// </summary>
    public bool Has(int at, int length) => offset + at + length <= imageLength;

    public bool HasRegister(string register) => registers.Any(reading => reading.Register.Name == register);

    /// <summary>
    /// Writes a template. <c>{Field}</c> is a field of the register as text; <c>{Field|other}</c> is <c>other</c> if
    /// its number has no name; <c>{Field:x4}</c> is the number; <c>{*:x8}</c> is the whole register; <c>{Reg/Field}</c>
    /// is a field of another register; <c>{=Name}</c> is a derived value; <c>+Flag</c> is the flag's name and its sign.
    /// </summary>
    public void Write(string register, string template) => text.Append(Hole().Replace(template, hole =>
        hole.Groups["flag"].Success
            ? hole.Groups["flag"].Value + Field(register, hole.Groups["flag"].Value).Text
            : Fill(register, hole.Groups["hole"].Value)));

    public uint Number(string register, string? field = null)
    {
        RegisterReading reading = Find(register);
        if (field is null)
        {
            Use(register, "*");
            return (uint)reading.Raw;
        }

        return (uint)Field(register, field).Number;
    }

    public bool Flag(string register, string field) => Number(register, field) != 0;

    public bool HasDerived(string derivedName) => derived.Any(value => value.Name == derivedName);

    /// <summary>A derived value; of several with one name, the next.</summary>
    public string Derived(string derivedName)
    {
        for (int i = 0; i < derived.Count; i++)
        {
            int index = (_nextDerived + i) % derived.Count;
            if (derived[index].Name == derivedName)
            {
                _nextDerived = index + 1;
                _ = used?.Add($"{name}.={Letters(derivedName)}");
                return derived[index].Text;
            }
        }

        throw new InvalidOperationException(
            $"{name} derives no {derivedName}; it derives {string.Join(", ", derived.Select(value => value.Name))}");
    }

    /// <summary>Returns names without the number of the instance: entry 3's register is entry 0's.</summary>
    public static string Letters(string registerName) => Instance().Replace(registerName, "#");

    private string Fill(string register, string hole)
    {
        if (hole.StartsWith('='))
        {
            return Derived(hole[1..]);
        }

        int slash = hole.LastIndexOf('/');
        if (slash > 0 && !HasField(register, hole))
        {
            register = hole[..slash];
            hole = hole[(slash + 1)..];
        }

        string[] other = hole.Split('|');
        string[] format = other[0].Split(':');
        if (format[0] == "*")
        {
            return Number(register).ToString(format.Length > 1 ? format[1] : "d", CultureInfo.InvariantCulture);
        }

        (ulong number, string described, bool isNamed) = Field(register, format[0]);
        return format.Length > 1 ? number.ToString(format[1], CultureInfo.InvariantCulture)
            : other.Length > 1 && !isNamed
                ? other[1].Replace("#", number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            : described;
    }

    private bool HasField(string register, string field) =>
        registers.Any(reading => reading.Register.Name == register
            && reading.Register.Fields.Any(candidate => candidate.Name == field.Split(':', '|')[0]));

    private (ulong Number, string Text, bool IsNamed) Field(string register, string field)
    {
        RegisterReading reading = Find(register);
        RegisterField found = reading.Register.Fields.FirstOrDefault(candidate => candidate.Name == field)
            ?? throw new InvalidOperationException($"{name}.{register} has no field {field}");
        Use(register, field);
        ulong number = found.Extract(reading.Raw);
        return (number, found.Describe(reading.Raw), found.Values.Any(value => value.Number == number));
    }

    private RegisterReading Find(string register)
    {
        foreach (RegisterReading reading in registers)
        {
            if (reading.Register.Name == register)
            {
                return reading;
            }
        }

        throw new InvalidOperationException($"{name} has no register {register}");
    }

    private void Use(string register, string field) => _ = used?.Add($"{name}.{Letters(register)}.{field}");

    [GeneratedRegex(@"(?<=^|[\s(,:])\+(?<flag>[A-Za-z0-9<>/_.\-]+)|\{(?<hole>[^}]+)\}")]
    private static partial Regex Hole();

    [GeneratedRegex(@"(?<=[A-Za-z_ ])[0-9]+(?=$|[A-Z ])")]
    private static partial Regex Instance();
}
