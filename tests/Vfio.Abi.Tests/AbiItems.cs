using System.Globalization;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Vfio.Abi.Tests;

/// <summary>Finds every constant and every structure of some types by reflection, as items to compare with C.</summary>
internal sealed class AbiItems(AbiRules rules)
{
    private const BindingFlags Statics = BindingFlags.Static
        | BindingFlags.Public
        | BindingFlags.NonPublic
        | BindingFlags.DeclaredOnly;
    private const BindingFlags Members = BindingFlags.Instance
        | BindingFlags.Public
        | BindingFlags.NonPublic
        | BindingFlags.DeclaredOnly;

    private readonly List<AbiItem> _items = [];
    private readonly List<string> _unruled = [];

    public IReadOnlyList<AbiItem> Items => _items;

    /// <summary>Gets what was found but has no rule, so that nothing is missed.</summary>
    public IReadOnlyList<string> Unruled => _unruled;

    public AbiItems Add(IEnumerable<Type> types)
    {
        foreach (Type type in types.Where(type => !IsCompilersOwn(type)))
        {
            AddConstants(type);
            if (type.IsValueType && !type.IsEnum && !rules.Own.ContainsKey(NameOf(type)))
            {
                AddStructure(type);
            }
        }

        return this;
    }

    private static bool IsCompilersOwn(Type type) =>
        type.Name.Contains('<', StringComparison.Ordinal) || type.IsDefined(typeof(CompilerGeneratedAttribute));

    private static string NameOf(Type type) =>
        type.DeclaringType is Type outer ? $"{NameOf(outer)}.{type.Name}" : type.Name;

    // In the order of declaration, because reflection does not guarantee an order.
    private static IEnumerable<FieldInfo> InOrder(FieldInfo[] fields) => fields.OrderBy(field => field.MetadataToken);

    private static Type Outermost(Type type) => type.DeclaringType is Type outer ? Outermost(outer) : type;

    // A string is the name of a library, a path or a message, and has no counterpart in C. Any other static member must
    // have a rule.
    private void AddConstants(Type type)
    {
        foreach (FieldInfo field in InOrder(type.GetFields(Statics)).Where(field => field.FieldType != typeof(string)))
        {
            string name = $"{NameOf(type)}.{field.Name}";
            if (rules.Own.ContainsKey(name))
            {
                continue;
            }

            string? expression = rules.Constants.GetValueOrDefault(name)
                ?? (AbiRules.FollowsCustom(Outermost(type)) && !type.IsEnum ? field.Name : null);
            if (expression is not null && Value(field) is (string value, bool isSigned))
            {
                _items.Add(new AbiItem(name, AbiRules.HeadersOf(Outermost(type)), expression, value, isSigned));
            }
            else
            {
                _unruled.Add(name);
            }
        }
    }

    private static (string Value, bool IsSigned)? Value(FieldInfo field) =>
        (field.IsLiteral ? field.GetRawConstantValue() : null) switch
        {
            sbyte or short or int or long =>
                (string.Create(CultureInfo.InvariantCulture, $"{field.GetRawConstantValue()}"), true),
            byte or ushort or uint or ulong =>
                (string.Create(CultureInfo.InvariantCulture, $"{field.GetRawConstantValue()}"), false),
            _ => null,
        };

    private void AddStructure(Type type)
    {
        string name = NameOf(type);
        if (!AbiRules.FollowsCustom(Outermost(type)) || type.IsGenericType)
        {
            _unruled.Add(name);
            return;
        }

        HeaderSet headers = AbiRules.HeadersOf(Outermost(type));
        string structure = rules.StructNames.GetValueOrDefault(name) ?? $"struct {type.Name}";
        foreach (FieldInfo field in InOrder(type.GetFields(Members)))
        {
            (string offset, string size) = rules.Fields.TryGetValue($"{name}.{field.Name}", out (string, string) rule)
                ? rule
                : ($"offsetof({structure}, {field.Name})", $"sizeof((({structure} *)0)->{field.Name})");
            _items.Add(new AbiItem(
                $"offset of {name}.{field.Name}", headers, offset, Layout.OffsetOf(field), Structure: name));
            _items.Add(new AbiItem(
                $"size of {name}.{field.Name}", headers, size, Layout.SizeOf(field.FieldType), Structure: name));
        }

        _items.Add(
            new AbiItem($"size of {name}", headers, $"sizeof({structure})", Layout.SizeOf(type), Structure: name));
    }

    /// <summary>Returns the layout that pointers use, not the one of marshalling.</summary>
    private static class Layout
    {
        public static string SizeOf(Type type) => Run(code => code.Emit(OpCodes.Sizeof, type));

        public static string OffsetOf(FieldInfo field) => Run(code =>
        {
            LocalBuilder local = code.DeclareLocal(field.DeclaringType!);
            code.Emit(OpCodes.Ldloca, local);
            code.Emit(OpCodes.Ldflda, field);
            code.Emit(OpCodes.Conv_U);
            code.Emit(OpCodes.Ldloca, local);
            code.Emit(OpCodes.Conv_U);
            code.Emit(OpCodes.Sub);
            code.Emit(OpCodes.Conv_I4);
        });

        private static string Run(Action<ILGenerator> emit)
        {
            DynamicMethod method = new(
                "Layout", typeof(int), Type.EmptyTypes, typeof(AbiItems).Module, skipVisibility: true);
            ILGenerator code = method.GetILGenerator();
            emit(code);
            code.Emit(OpCodes.Ret);
            return method.CreateDelegate<Func<int>>()().ToString(CultureInfo.InvariantCulture);
        }
    }
}
