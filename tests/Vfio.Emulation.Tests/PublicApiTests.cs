using PublicApiGenerator;
using Vfio.Tests;

namespace Vfio.Emulation.Tests;

/// <summary>The public API is a text file; a change to it is a change in review.</summary>
public sealed class PublicApiTests
{
    private static readonly string Approved = Path.Combine(Repository.Root, "tests", "Vfio.Emulation.Tests", "Vfio.Emulation.PublicApi.txt");

    [Fact]
    public void The_public_api_is_the_approved_one()
    {
        string api = typeof(DeviceModel).Assembly.GeneratePublicApi(new ApiGeneratorOptions
        {
            IncludeAssemblyAttributes = false,
            ExcludeAttributes = ["System.Runtime.CompilerServices.IsReadOnlyAttribute"],
        }).ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("VFIO_ACCEPT_API") == "1")
        {
            File.WriteAllText(Approved, api);
        }

        string approved = File.Exists(Approved) ? File.ReadAllText(Approved) : "";
        IEnumerable<string> changes = approved.Split('\n').Except(api.Split('\n')).Select(line => "- " + line.Trim())
            .Concat(api.Split('\n').Except(approved.Split('\n')).Select(line => "+ " + line.Trim()));
        Assert.True(api == approved, $"run this test with VFIO_ACCEPT_API=1 if the change is meant\n{string.Join('\n', changes)}");
    }
}
