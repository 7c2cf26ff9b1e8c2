using System.Text;
using System.Text.RegularExpressions;

namespace Vfio.Cli.Tests;

/// <summary>
/// Parses the language of Graphviz (https://graphviz.org/doc/info/lang.html) as far as <c>vfio groups --dot</c> may use
/// it, and fails the test on anything else.
/// </summary>
internal sealed partial class DotText
{
    private readonly string[] _tokens;
    private int _next;

    private DotText(string text)
    {
        MatchCollection tokens = Token().Matches(text);
        Assert.Equal(text.Length, tokens.Sum(token => token.Length));
        _tokens = [.. tokens.Select(token => token.Value).Where(token => !string.IsNullOrWhiteSpace(token))];
        Take("digraph");
        TakeId();
        ReadBlock(null);
        Assert.Equal(_tokens.Length, _next);
    }

    /// <summary>The label of each node.</summary>
    public Dictionary<string, string> Nodes { get; } = [];

    /// <summary>The cluster of each node in one.</summary>
    public Dictionary<string, string> Clusters { get; } = [];

    public List<(string From, string To, string Label)> Edges { get; } = [];

    /// <summary>The labels of the graph and its clusters.</summary>
    public List<string> Labels { get; } = [];

    public static DotText Parse(string text) => new(text);

    private void ReadBlock(string? cluster)
    {
        Take("{");
        while (_tokens[_next] != "}")
        {
            if (_tokens[_next] == "subgraph")
            {
                Assert.Null(cluster);
                _next++;
                string name = TakeId();
                Assert.StartsWith("cluster_", name, StringComparison.Ordinal);
                ReadBlock(name);
            }
            else
            {
                ReadStatement(cluster);
                Take(";");
            }
        }

        Take("}");
    }

    private void ReadStatement(string? cluster)
    {
        string id = TakeId();
        if (_tokens[_next] == "=")
        {
            _next++;
            string value = TakeId();
            if (id == "label")
            {
                Labels.Add(Show(value));
            }
        }
        else if (_tokens[_next] == "->")
        {
            _next++;
            Edges.Add((Unquote(id), Unquote(TakeId()), ReadAttributes()));
        }
        else if (id is "node" or "edge")
        {
            ReadAttributes();
        }
        else
        {
            Nodes.Add(Unquote(id), ReadAttributes());
            if (cluster is not null)
            {
                Clusters.Add(Unquote(id), cluster);
            }
        }
    }

    private string ReadAttributes()
    {
        string label = "";
        Take("[");
        do
        {
            string name = TakeId();
            Take("=");
            string value = TakeId();
            label = name == "label" ? Show(value) : label;
        }
        while (_tokens[_next++] == ",");

        Assert.Equal("]", _tokens[_next - 1]);
        return label;
    }

    private void Take(string token) => Assert.Equal(token, _tokens[_next++]);

    private string TakeId()
    {
        Assert.Matches("^(\".*\"|[A-Za-z_][A-Za-z0-9_]*|[0-9]+)$", _tokens[_next]);
        return _tokens[_next++];
    }

    private static string Unquote(string id) =>
        id.StartsWith('"') ? id[1..^1].Replace("\\\"", "\"", StringComparison.Ordinal) : id;

    // Returns a label as Graphviz shows it: its own escapes and HTML entities are replaced.
    private static string Show(string id)
    {
        string text = id.StartsWith('"') ? id[1..^1] : id;
        StringBuilder shown = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                shown.Append(text[++i] switch
                {
                    '\\' => '\\',
                    '"' => '"',
                    'n' => '\n',
                    char other => throw new FormatException($"\\{other}"),
                });
            }
            else if (text[i] == '&')
            {
                Assert.StartsWith("&amp;", text[i..], StringComparison.Ordinal);
                shown.Append('&');
                i += "&amp;".Length - 1;
            }
            else
            {
                shown.Append(text[i]);
            }
        }

        return shown.ToString();
    }

    [GeneratedRegex("\\s+|->|[{}\\[\\]=;,]|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|\"(?:[^\"\\\\\\n]|\\\\.)*\"")]
    private static partial Regex Token();
}
