using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using Vfio.Emulation;
using Vfio.Host;

namespace Vfio.Cli.Tests;

/// <summary>
/// Lists which internals of an assembly its friends use, as an approved text, so that additions are reviewed.
/// </summary>
public sealed class FriendTests
{
    [Fact]
    public void The_internals_that_friends_use_are_the_approved_ones()
    {
        StringBuilder text = new();
        foreach ((Assembly friend, Assembly of) in (ReadOnlySpan<(Assembly, Assembly)>)[
            (typeof(BindingPlan).Assembly, typeof(VfioDevice).Assembly),
            (typeof(DeviceModel).Assembly, typeof(VfioDevice).Assembly),
            (typeof(CliHost).Assembly, typeof(VfioDevice).Assembly),
            (typeof(CliHost).Assembly, typeof(BindingPlan).Assembly),
        ])
        {
            string[] used = [.. FindInternals(friend, of)];
            Assert.NotEmpty(used);
            text.Append($"# what {friend.GetName().Name} uses of {of.GetName().Name}'s internals, constants aside\n")
                .AppendJoin('\n', used)
                .Append("\n\n");
        }

        Approved.Matches("friends", text.ToString().TrimEnd() + "\n");
    }

    [Fact]
    public void Drivers_use_none() => Assert.All(
        Directory.EnumerateFiles(AppContext.BaseDirectory, "Vfio*.dll")
            .Where(path => path.Contains(".Drivers.", StringComparison.Ordinal)),
        path => Assert.Empty(FindInternals(Assembly.LoadFrom(path), typeof(VfioDevice).Assembly)));

    // The friend's references to types and members that are not public.
    private static SortedSet<string> FindInternals(Assembly friend, Assembly of)
    {
        using PEReader file = new(File.OpenRead(friend.Location));
        MetadataReader reader = file.GetMetadataReader();
        SortedSet<string> found = new(StringComparer.Ordinal);
        foreach (MemberReferenceHandle handle in reader.MemberReferences)
        {
            MemberReference member = reader.GetMemberReference(handle);
            if (FindType(reader, of, member.Parent) is Type type && !IsPublic(type, reader.GetString(member.Name)))
            {
                found.Add($"{NameOf(type)}.{reader.GetString(member.Name)}");
            }
        }

        foreach (TypeReferenceHandle handle in reader.TypeReferences)
        {
            if (FindType(reader, of, handle) is { IsVisible: false } type
                && !found.Any(name => name.StartsWith(NameOf(type) + ".", StringComparison.Ordinal)))
            {
                found.Add(NameOf(type));
            }
        }

        return found;
    }

    private static string NameOf(Type type) =>
        type.DeclaringType is Type outer ? $"{NameOf(outer)}.{type.Name}" : type.Name;

    private static bool IsPublic(Type type, string member)
    {
        const BindingFlags All = BindingFlags.Instance
            | BindingFlags.Static
            | BindingFlags.Public
            | BindingFlags.NonPublic;
        return type.IsVisible && type.GetMember(member, All).Any(found => found switch
        {
            MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
            FieldInfo field => field.IsPublic || field.IsFamily,
            _ => true,
        });
    }

    private static Type? FindType(MetadataReader reader, Assembly of, EntityHandle handle)
    {
        if (handle.Kind == HandleKind.TypeSpecification)
        {
            BlobReader blob = reader.GetBlobReader(
                reader.GetTypeSpecification((TypeSpecificationHandle)handle).Signature);
            const byte GenericInstance = 0x15;
            if (blob.ReadByte() != GenericInstance)
            {
                return null;
            }

            _ = blob.ReadByte(); // class or value type
            return FindType(reader, of, blob.ReadTypeHandle());
        }

        if (handle.Kind != HandleKind.TypeReference)
        {
            return null;
        }

        TypeReference type = reader.GetTypeReference((TypeReferenceHandle)handle);
        string name = reader.GetString(type.Name);
        return type.ResolutionScope.Kind switch
        {
            HandleKind.AssemblyReference => reader.GetString(
                reader.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name) == of.GetName().Name
                ? of.GetType($"{reader.GetString(type.Namespace)}.{name}", throwOnError: true) : null,
            HandleKind.TypeReference => FindType(reader, of, type.ResolutionScope)
                ?.GetNestedType(name, BindingFlags.Public | BindingFlags.NonPublic),
            _ => null,
        };
    }
}
