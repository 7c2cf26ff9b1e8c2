using System.Reflection;
using System.Runtime.Versioning;
using PublicApiGenerator;

namespace Vfio.Tests;

/// <summary>
/// Compares the public API of an assembly with a text file, so that a change to it is visible in review.
/// </summary>
internal static class PublicApi
{
    // The first words of public methods. A new one is a choice of vocabulary: one verb for one act.
    private static readonly HashSet<string> Verbs =
    [
        .. (
            "Add Advance Allocate Bind Bounce Clear Compute Copy Create Describe Displace Dispose Dump Enable Enter "
            + "Examine Execute Exit Extract Fail Fill Find Get Insert Limit Listen Load Lose Lower Map Mask Open "
            + "Override Parse Part Plan Post Probe Raise Read Recover Release Remove Rent Report Request Reset "
            + "Restore Return Run Save Search Set Signal Slice Start Stop Trigger Try Unmap Unmask Wait Write"
        ).Split(' '),
        // Raw access, which the caller answers for.
        "Dangerous",
        // The kinds of barriers are Write, Read and Full; IovaOf is the one conversion of an index; MoveNext belongs to
        // an enumerator, and Subtract to an operator.
        .. "Full Iova Move Subtract".Split(' '),
        // Questions, conversions and handlers.
        .. "Had Is Matches Supports While At From To On".Split(' '),
    ];

    /// <summary>Fails if the API breaks a rule of the .NET design guidelines that can be checked.</summary>
    public static void AssertFollowsGuidelines(Assembly assembly)
    {
        List<string> faults = [];
        foreach (Type type in assembly.GetExportedTypes().Where(type => !typeof(Delegate).IsAssignableFrom(type)))
        {
            if (type.GetInterfaces().Any(known => known == typeof(IThreadPoolWorkItem)
                || known.Name.StartsWith("IValueTaskSource", StringComparison.Ordinal)))
            {
                faults.Add($"{type}: what the runtime calls is public, so that any caller can");
            }

            foreach (MethodInfo method in type.GetMethods(Public)
                .Where(method => method.DeclaringType == type && IsChosen(method)))
            {
                faults.AddRange(FaultsOf(method).Select(fault => $"{type}.{method.Name}: {fault}"));
            }
        }

        Assert.Empty(faults);
    }

    // Not what the compiler or an interface of the runtime names; and a register with an index is called like one
    // without.
    private static bool IsChosen(MethodInfo method) =>
        !method.IsSpecialName
        && method.Name is not ("Equals" or "GetHashCode" or "ToString" or "CompareTo" or "<Clone>$")
        && !(method.ReturnType.IsGenericType
            && method.ReturnType.Name.StartsWith("Register`", StringComparison.Ordinal));

    private const BindingFlags Public = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static;

    private static IEnumerable<string> FaultsOf(MethodInfo method)
    {
        ParameterInfo[] parameters = method.GetParameters();
        if (method.Name == "Deconstruct")
        {
            yield return "a positional record: a new property would break its callers";
        }

        foreach (ParameterInfo token in parameters.Where(
            parameter => parameter.ParameterType == typeof(CancellationToken)))
        {
            if (token.Name != "cancellationToken" || token.Position != parameters.Length - 1)
            {
                yield return $"{token.Name} is not called cancellationToken, or not the last parameter";
            }
        }

        foreach (ParameterInfo options in parameters.Where(
            parameter => parameter.ParameterType.Name.EndsWith("Options", StringComparison.Ordinal)))
        {
            if (!options.HasDefaultValue)
            {
                yield return $"{options.Name} is not optional";
            }
        }

        string verb = method.Name.Length == 0
            ? ""
            : method.Name[0] + string.Concat(method.Name.Skip(1).TakeWhile(c => !char.IsUpper(c)));
        if (!Verbs.Contains(verb))
        {
            yield return $"'{verb}' is not one of the verbs: use one of them, or add it";
        }
    }

    /// <summary>
    /// Fails where the API differs from <c>ASSEMBLY.PublicApi.txt</c> in the folder of the test project.
    /// </summary>
    public static void AssertApproved(Assembly assembly, string folder)
    {
        AssertFollowsGuidelines(assembly);
        string approvedPath = Path.Combine(folder, $"{assembly.GetName().Name}.PublicApi.txt");
        string receivedPath = Path.ChangeExtension(approvedPath, ".received.txt");
        string api = assembly.GeneratePublicApi(new ApiGeneratorOptions
        {
            IncludeAssemblyAttributes = false,
            ExcludeAttributes = ["System.Runtime.CompilerServices.IsReadOnlyAttribute"],
        }).ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (assembly.GetCustomAttribute<SupportedOSPlatformAttribute>() is { } platform)
        {
            api = $"[assembly: SupportedOSPlatform(\"{platform.PlatformName}\")]\n{api}";
        }

        if (Environment.GetEnvironmentVariable("VFIO_ACCEPT_API") == "1")
        {
            File.WriteAllText(approvedPath, api);
        }

        string approved = File.Exists(approvedPath) ? File.ReadAllText(approvedPath) : "";
        if (api == approved)
        {
            File.Delete(receivedPath);
            return;
        }

        File.WriteAllText(receivedPath, api);
        string[] added = [.. api.Split('\n').Except(approved.Split('\n'))];
        string[] gone = [.. approved.Split('\n').Except(api.Split('\n'))];
        Assert.Fail(
            $"""
            The public API differs from {approvedPath}:
            {string.Join('\n', gone.Select(line => $"- {line.Trim()}"))}
            {string.Join('\n', added.Select(line => $"+ {line.Trim()}"))}
            All of it is in {receivedPath}.
            If the change is right, run this test with VFIO_ACCEPT_API=1 and commit the approved file.
            """);
    }
}
