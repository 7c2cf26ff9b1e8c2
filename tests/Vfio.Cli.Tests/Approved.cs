using System.Reflection;

namespace Vfio.Cli.Tests;

/// <summary>
/// Compares texts with approved ones, which a person has reviewed: <c>Approved/NAME.approved.txt</c>.
/// </summary>
internal static class Approved
{
    private static readonly string Folder = Path.Combine(SourceFolder, "Approved");

    /// <summary>The folder with the source of these tests.</summary>
    public static string SourceFolder =>
        typeof(Approved).Assembly
            .GetCustomAttributes<AssemblyMetadataAttribute>()
            .First(item => item.Key == "SourceFolder").Value!;

    /// <summary>
    /// Compares a text with the approved one; if they differ, writes the text next to it as <c>.received.txt</c>.
    /// </summary>
    public static void Matches(string name, string text)
    {
        string approved = Path.Combine(Folder, name + ".approved.txt");
        string received = Path.Combine(Folder, name + ".received.txt");
        if (File.Exists(approved) && File.ReadAllText(approved) == text)
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, text);
        Assert.Fail($"differs from the approved text; if the new text is right: mv {received} {approved}\n\n{text}");
    }
}
