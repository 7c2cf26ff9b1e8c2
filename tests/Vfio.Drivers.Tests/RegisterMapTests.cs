using System.Reflection;
using Vfio.Pci;

namespace Vfio.Drivers.Tests;

/// <summary>
/// The rules for every map, and for every type of a register value with the fields that the map names.
/// </summary>
public sealed class RegisterMapTests
{
    private const int LongestName = 32;
    private const int LongestMeaning = 80;

    /// <summary>Registers that overlap in their specification.</summary>
    private static readonly string[] SharedOffsets = [];

    [Fact]
    public void Every_package_has_its_map() =>
        Assert.Equal(
            ["BochsRegisters", "EduRegisters", "Intel82574Registers", "NvmeRegisters"],
            Packages.RegisterClasses.Select(row => row.Data));

    [Theory]
    [MemberData(nameof(Packages.RegisterClasses), MemberType = typeof(Packages))]
    public void Registers_are_aligned_apart_and_named(string registerClass)
    {
        RegisterMap map = Packages.Map(registerClass);
        Assert.NotEmpty(map.Registers);
        Assert.False(string.IsNullOrWhiteSpace(map.Name));
        Assert.False(string.IsNullOrWhiteSpace(map.Source));
        ulong end = 0;
        foreach (RegisterDescription register in map.Registers)
        {
            AssertName(register.Name);
            AssertMeaning(register.Name, register.Meaning);
            Assert.True(register.Width is 1 or 2 or 4 or 8, register.Name);
            Assert.True(register.Offset % (ulong)register.Width == 0, $"{register.Name} is not aligned");
            Assert.True(
                register.Offset >= end || SharedOffsets.Contains(register.Name),
                $"{register.Name} overlaps the register before it");
            end = Math.Max(end, register.Offset + (ulong)register.Width);
            Assert.Same(register, map.Find(register.Name.ToLowerInvariant()));
        }
    }

    [Theory]
    [MemberData(nameof(Packages.RegisterClasses), MemberType = typeof(Packages))]
    public void Fields_are_apart_and_named(string registerClass)
    {
        foreach (RegisterDescription register in Packages.Map(registerClass).Registers)
        {
            int next = 0;
            foreach (RegisterField field in register.Fields)
            {
                string name = $"{register.Name}.{field.Name}";
                AssertName(field.Name);
                AssertMeaning(name, field.Meaning);
                Assert.True(field.LowBit >= next, $"{name} overlaps the field before it, or is out of order");
                Assert.True(field.BitCount >= 1, name);
                next = field.LowBit + field.BitCount;
                Assert.True(next <= register.Width * 8, $"{name} is beyond the register");
                Assert.True(
                    field.Values.All(value => value.Number <= field.Mask >> field.LowBit),
                    $"{name}: a value is too large");
                Assert.True(
                    field.Values.DistinctBy(value => value.Number).Count() == field.Values.Count,
                    $"{name}: a value has two names");
                Assert.All(field.Values, value => AssertMeaning(name, value.Name));
            }

            Assert.True(
                register.Fields.DistinctBy(field => field.Name).Count() == register.Fields.Count,
                $"{register.Name}: two fields of one name");
        }
    }

    [Theory]
    [MemberData(nameof(Packages.RegisterClasses), MemberType = typeof(Packages))]
    public void Every_typed_register_is_in_the_map_with_its_width(string registerClass)
    {
        RegisterMap map = Packages.Map(registerClass);
        Assert.NotEmpty(Packages.TypedRegisters(registerClass));
        Assert.All(
            Packages.TypedRegisters(registerClass),
            register => Assert.Equal(register.Width, map.FindAt(register.Offset)?.Width));
    }

    [Theory]
    [MemberData(nameof(Packages.RegisterClasses), MemberType = typeof(Packages))]
    public void Every_field_is_one_property_and_every_property_one_field(string registerClass)
    {
        RegisterMap map = Packages.Map(registerClass);
        foreach (TypedRegister register in Packages.TypedRegisters(registerClass)
            .Where(register => Properties(register.Value).Length != 0))
        {
            IReadOnlyList<RegisterField> fields = map.FindAt(register.Offset)!.Fields;
            HashSet<string> matched = [];
            foreach (RegisterField field in fields)
            {
                // Starting from all zeroes and from all ones: exactly one property changes with the bits of the field.
                ulong ones = RegisterField(register).Mask;
                string[] rising = Changed(register.Value, 0, field.Mask);
                string[] falling = Changed(register.Value, ones, ones & ~field.Mask);
                Assert.True(rising is [string property] && falling is [string same] && property == same,
                    $"{register.Name}: {field.Name} changes [{string.Join(' ', rising)}] and "
                    + $"[{string.Join(' ', falling)}]");
                Assert.True(matched.Add(rising[0]), $"{register.Name}.{rising[0]} is of two fields");

                // Each bit of the field matters, otherwise the property is narrower than the field.
                for (int bit = field.LowBit; bit < field.LowBit + field.BitCount && field.Values.Count == 0; bit++)
                {
                    Assert.Equal(rising, Changed(register.Value, 0, 1UL << bit));
                }
            }

            Assert.Equal(Properties(register.Value).Select(property => property.Name).Order(), matched.Order());
        }
    }

    [Theory]
    [MemberData(nameof(Packages.RegisterClasses), MemberType = typeof(Packages))]
    public void A_property_that_is_set_reads_back_and_changes_no_other(string registerClass)
    {
        RegisterMap map = Packages.Map(registerClass);
        foreach (TypedRegister register in Packages.TypedRegisters(registerClass))
        {
            foreach (RegisterField field in map.FindAt(register.Offset)!.Fields
                .Where(_ => Properties(register.Value).Length != 0))
            {
                string name = Changed(register.Value, 0, field.Mask)[0];
                PropertyInfo property = register.Value.GetProperty(name)!;
                foreach (ulong before in new[] { 0UL, RegisterField(register).Mask })
                {
                    foreach (ulong number in new[]
                    {
                        0UL,
                        1UL & (field.Mask >> field.LowBit),
                        field.Values.Count == 0 ? field.Mask >> field.LowBit : 1,
                    })
                    {
                        object changed = Make(register.Value, before);
                        object value = property.GetValue(Make(register.Value, number << field.LowBit))!;
                        property.SetValue(changed, value);
                        Assert.Equal(value, property.GetValue(changed));
                        Assert.True(
                            (Raw(changed) & ~field.Mask) == (before & ~field.Mask),
                            $"{register.Name}.{name} changes other bits");
                        Assert.True(
                            field.Extract(Raw(changed)) == number,
                            $"{register.Name}.{name} wrote {field.Extract(Raw(changed))}, not {number}");
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Packages.RegisterClasses), MemberType = typeof(Packages))]
    public void A_map_is_made_once(string registerClass) =>
        Assert.Same(Packages.Map(registerClass), Packages.Map(registerClass));

    private static void AssertName(string name)
    {
        Assert.InRange(name.Length, 1, LongestName);
        Assert.True(name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'), $"'{name}' is not a valid name");
    }

    private static void AssertMeaning(string name, string meaning) =>
        Assert.True(
            meaning.Length is > 0 and <= LongestMeaning && meaning.Trim() == meaning && !meaning.EndsWith('.'),
            $"{name}: '{meaning}'");

    private static PropertyInfo[] Properties(Type value) =>
        [.. value.GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(property => property.Name != nameof(RawUInt32.Raw))];

    private static string[] Changed(Type value, ulong from, ulong to) =>
        [.. Properties(value)
            .Where(property => !Equals(property.GetValue(Make(value, from)), property.GetValue(Make(value, to))))
            .Select(property => property.Name)];

    // A field that covers its whole register: its mask is the register's.
    private static RegisterField RegisterField(TypedRegister register) => new("whole", 0, register.Width * 8, "whole");

    private static object Make(Type value, ulong raw) =>
        typeof(RegisterMapTests)
            .GetMethod(nameof(FromRaw), BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(value)
            .Invoke(null, [raw])!;

    private static object FromRaw<T>(ulong raw)
        where T : struct, IRegisterValue<T> => T.FromRaw(raw);

    private static ulong Raw(object value) =>
        Convert.ToUInt64(value.GetType().GetProperty(nameof(RawUInt32.Raw))!.GetValue(value), null);
}
