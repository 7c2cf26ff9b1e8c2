using PublicApiGenerator;

namespace Vfio.Tests;

/// <summary>The public API is a text file; a change to it is a change in review.</summary>
public sealed class PublicApiTests
{
    private static readonly string Approved = Path.Combine(Repository.Root, "tests", "Vfio.Tests", "Vfio.PublicApi.txt");
    private static readonly string Received = Path.ChangeExtension(Approved, ".received.txt");

    [Fact]
    public void The_public_api_is_the_approved_one()
    {
        string api = typeof(VfioDevice).Assembly.GeneratePublicApi(new ApiGeneratorOptions
        {
            IncludeAssemblyAttributes = false,
            ExcludeAttributes = ["System.Runtime.CompilerServices.IsReadOnlyAttribute"],
        }).ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("VFIO_ACCEPT_API") == "1")
        {
            File.WriteAllText(Approved, api);
        }

        string approved = File.Exists(Approved) ? File.ReadAllText(Approved) : "";
        if (api == approved)
        {
            File.Delete(Received);
            return;
        }

        File.WriteAllText(Received, api);
        string[] added = [.. api.Split('\n').Except(approved.Split('\n'))];
        string[] gone = [.. approved.Split('\n').Except(api.Split('\n'))];
        Assert.Fail(
            $"""
            The public API differs from {Approved}:
            {string.Join('\n', gone.Select(line => "- " + line.Trim()).Concat(added.Select(line => "+ " + line.Trim())))}
            The whole of it is in {Received}. If the change is meant, run this test with VFIO_ACCEPT_API=1 and commit the approved file.
            """);
    }
}
