using System.Reflection;
using PublicApiGenerator;

namespace Vfio.Tests;

/// <summary>
/// Compares the public API of an assembly with a text file, so that a change to it is visible in review.
/// </summary>
internal static class PublicApi
{
    /// <summary>
    /// Fails if the API differs from <c>ASSEMBLY.PublicApi.txt</c> in the folder of the test project.
    /// </summary>
    public static void AssertApproved(Assembly assembly, string folder)
    {
        string approvedPath = Path.Combine(folder, $"{assembly.GetName().Name}.PublicApi.txt");
        string receivedPath = Path.ChangeExtension(approvedPath, ".received.txt");
        string api = assembly.GeneratePublicApi(new ApiGeneratorOptions
        {
            IncludeAssemblyAttributes = false,
            ExcludeAttributes = ["System.Runtime.CompilerServices.IsReadOnlyAttribute"],
        }).ReplaceLineEndings("\n").TrimEnd() + "\n";
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
            {string.Join('\n', gone.Select(line => "- " + line.Trim()).Concat(added.Select(line => "+ " + line.Trim())))}
            The whole of it is in {receivedPath}. If the change is meant, run this test with VFIO_ACCEPT_API=1 and commit the approved file.
            """);
    }
}
