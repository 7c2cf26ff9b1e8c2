using System.Text;

namespace Vfio.Tests;

/// <summary>
/// Compares all messages of <c>src</c> with an approved text, so that each change of one is seen in review.
/// </summary>
public sealed class MessageTests
{
    private static readonly string ApprovedPath =
        Path.Combine(Repository.Root, "tests/Vfio.Tests/Messages.approved.txt");

    [Fact]
    public void Messages_are_as_approved()
    {
        string received = Collect();
        string receivedPath = ApprovedPath.Replace(".approved.", ".received.", StringComparison.Ordinal);
        string[] approved = File.Exists(ApprovedPath) ? File.ReadAllLines(ApprovedPath) : [];
        if (string.Join('\n', approved) + "\n" == received)
        {
            File.Delete(receivedPath);
            return;
        }

        File.WriteAllText(receivedPath, received);
        string[] lines = received.Split('\n');
        Assert.Fail(
            $"""
            Messages differ from the approved ones:
            {string.Join('\n', approved.Except(lines).Select(line => $"- {line.Trim()}"))}
            {string.Join('\n', lines.Except(approved).Select(line => $"+ {line.Trim()}"))}
            If they are right: mv {receivedPath} {ApprovedPath}
            """);
    }

    [Theory]
    [InlineData("""x = "two words";""", "two words")]
    [InlineData("""F("the " + "end is " + n + " near");""", "the end is {} near")]
    [InlineData("""F($"{a} is {b:x8}, " + $"not {(c ? "this one" : "x")}");""", "{} is {}, not {}", "this one")]
    [InlineData("""throw new E(a ? "no such file" : "it is a folder");""", "no such file", "it is a folder")]
    [InlineData("""F("one", "a/path", "0x10", " ");""")]
    [InlineData("""[Theory("is not said")] class C;""")]
    public void A_message_is_found(string code, params string[] messages) =>
        Assert.Equal(messages, SourceMessages.In(code));

    private static string Collect()
    {
        StringBuilder all = new();
        foreach (string path in Repository.FilesOf("*.cs")
            .Select(path => Path.GetRelativePath(Repository.Root, path))
            .Where(path => path.StartsWith("src/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal))
        {
            string[] messages = [.. SourceMessages.In(File.ReadAllText(Path.Combine(Repository.Root, path)))];
            if (messages.Length != 0)
            {
                all.Append(path).Append('\n');
                all.AppendJoin("", messages.Select(Indent));
            }
        }

        return all.ToString();
    }

    private static string Indent(string message) => $"    {message.ReplaceLineEndings("\n    ").TrimEnd()}\n";
}
