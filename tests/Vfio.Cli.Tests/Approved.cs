using System.Reflection;

namespace Vfio.Cli.Tests;

/// <summary>Texts that a person has looked at and found good: <c>Approved/NAME.approved.txt</c>.</summary>
internal static class Approved
{
    private static readonly string Folder = Path.Combine(SourceFolder, "Approved");

    /// <summary>Where the source of these tests is.</summary>
    public static string SourceFolder =>
        typeof(Approved).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(item => item.Key == "SourceFolder").Value!;

    /// <summary>Compares a text with the approved one; writes it beside as <c>.received.txt</c> where they differ.</summary>
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
        Assert.Fail($"differs from what was approved; where it is better: mv {received} {approved}\n\n{text}");
    }
}
