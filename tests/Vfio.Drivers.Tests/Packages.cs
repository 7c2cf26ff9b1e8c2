using System.Reflection;
using Vfio.Pci;

namespace Vfio.Drivers.Tests;

/// <summary>Lists the driver packages, and their registers.</summary>
internal static class Packages
{
    public static TheoryData<string> Names => ["Vfio.Drivers.Nvme", "Vfio.Drivers.Net", "Vfio.Drivers.Display"];

    /// <summary>Gets the classes that define register offsets, by name.</summary>
    public static TheoryData<string> RegisterClasses => [.. Places.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Returns the map of such a class.</summary>
    public static RegisterMap Map(string registerClass) =>
        (RegisterMap)Places[registerClass].GetProperty("Map", BindingFlags.Static | BindingFlags.Public)!
            .GetValue(null)!;

    /// <summary>Returns the typed registers of such a class: the name, the offset and the type of the value.</summary>
    public static IEnumerable<TypedRegister> TypedRegisters(string registerClass)
    {
        Type type = Places[registerClass];
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Static | BindingFlags.Public)
            .Where(property => IsRegister(property.PropertyType)))
        {
            yield return Make(property.Name, property.GetValue(null)!);
        }

        // Arrays of registers: indexed by a number, or by a number and the doorbell stride of the device.
        foreach (MethodInfo method in type.GetMethods(BindingFlags.Static | BindingFlags.Public)
            .Where(method => IsRegister(method.ReturnType) && !method.IsSpecialName))
        {
            if (method.GetParameters() is [{ ParameterType: Type number }] && number == typeof(int))
            {
                for (int i = 0; i < 2; i++)
                {
                    yield return Make($"{method.Name}({i})", method.Invoke(null, [i])!);
                }
            }
        }
    }

    // The emulation package contains the registers of the devices that it models.
    private static Dictionary<string, Type> Places { get; } = Names.Select(name => name.Data).Append("Vfio.Emulation")
        .SelectMany(name => Assembly.Load(name).GetExportedTypes())
        .Where(type => type.IsAbstract
            && type.IsSealed
            && type.GetProperty("Map", BindingFlags.Static | BindingFlags.Public) is not null)
        .ToDictionary(type => type.Name);

    private static bool IsRegister(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Register<>);

    private static TypedRegister Make(string name, object register)
    {
        Type value = register.GetType().GetGenericArguments()[0];
        return new TypedRegister(
            name,
            (ulong)register.GetType().GetProperty(nameof(Register<RawUInt32>.Offset))!.GetValue(register)!,
            (int)value.GetProperty(nameof(RawUInt32.Width), BindingFlags.Static | BindingFlags.Public)!.GetValue(null)!,
            value);
    }
}

/// <summary>Represents a register whose value has a type.</summary>
internal sealed record TypedRegister(string Name, ulong Offset, int Width, Type Value);
