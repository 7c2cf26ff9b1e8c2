using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Vfio.Cli.Tests;

/// <summary>
/// What a browser measures in the documents of <see cref="PictureBrowserTests"/>: all of them in one page, each in a frame of
/// its own, because starting a browser is what takes long.
/// </summary>
public sealed class BrowserViews : IDisposable
{
    /// <summary>The width of every frame.</summary>
    public const int Width = 1280;

    private const int Height = 900;

    // Only the test's copy of a document has a script.
    private const string Measure = """
        <script>
        addEventListener('load', () => {
          const drawings = [...document.querySelectorAll('svg')];
          const box = element => {
            const b = element.getBBox(), moved = element.transform.baseVal.consolidate();
            return { x: b.x + (moved ? moved.matrix.e : 0), y: b.y + (moved ? moved.matrix.f : 0), width: b.width, height: b.height, text: element.textContent, svg: drawings.indexOf(element.ownerSVGElement) };
          };
          const result = {
            texts: [...document.querySelectorAll('svg text')].map(box),
            shapes: [...document.querySelectorAll('svg rect, svg path')].map(box),
            views: drawings.map(svg => { const v = svg.viewBox.baseVal; return { x: v.x, y: v.y, width: v.width, height: v.height, text: '', svg: 0 }; }),
            scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth,
            background: getComputedStyle(document.querySelector('.page') || document.body).getPropertyValue(document.querySelector('.page') ? 'fill' : 'background-color'),
            requests: performance.getEntriesByType('resource').length
          };
          const out = parent.document.createElement('pre'); out.id = 'result' + name; out.textContent = JSON.stringify(result); parent.document.body.append(out);
        });
        </script>
        """;

    // The browser's sockets are in it: their names have an end at 107 letters.
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(
        Path.GetTempPath().Length <= 40 ? Path.GetTempPath() : "/tmp", $"vfio-pictures-{Guid.NewGuid():n}")).FullName;

    private readonly Lazy<string> _light;
    private readonly Lazy<string> _dark;

    public BrowserViews()
    {
        _light = new Lazy<string>(() => Show("light", isDark: false, [.. Pictures(), .. Pages(), .. Typical(), Wrong()]));
        _dark = new Lazy<string>(() => Show("dark", isDark: true, Typical()));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>What the browser sees of one document.</summary>
    internal BrowserView Find(string name, bool isDark = false)
    {
        string dom = (isDark ? _dark : _light).Value;
        string open = $"<pre id=\"result{name}\">";
        int start = dom.IndexOf(open, StringComparison.Ordinal);
        Assert.True(start >= 0, dom);
        int end = dom.IndexOf("</pre>", start, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(WebUtility.HtmlDecode(dom[(start + open.Length)..end]));
        return BrowserView.Of(json.RootElement);
    }

    private string Show(string name, bool isDark, IEnumerable<(string Name, string Html)> documents)
    {
        StringBuilder page = new("<!DOCTYPE html><meta charset=\"utf-8\"><body>");
        foreach ((string document, string html) in documents)
        {
            page.Append(CultureInfo.InvariantCulture, $"<iframe name=\"{document}\" style=\"width:{Width}px;height:{Height}px;border:0\" srcdoc=\"{WebUtility.HtmlEncode(html + Measure)}\"></iframe>");
        }

        string file = Path.Combine(_folder, name + ".html");
        File.WriteAllText(file, page.ToString());
        return Chromium.DumpDom(file, Width, Height, $"--blink-settings=preferredColorScheme={(isDark ? 0 : 1)}");
    }

    private static IEnumerable<(string Name, string Html)> Pictures()
    {
        StringBuilder all = new("<!DOCTYPE html><meta charset=\"utf-8\"><body style=\"margin:0\">");
        foreach (string name in PictureHosts.Names)
        {
            using FakeHost host = PictureHosts.Make(name);
            all.Append(Tool.Run(host, "groups", "--svg", "-").Succeeded().Output);
        }

        yield return ("pictures", all.ToString());
    }

    private static IEnumerable<(string Name, string Html)> Pages()
    {
        foreach (string name in (string[])["machine", "server", "deep", "hostile"])
        {
            using FakeHost host = PictureHosts.Make(name);
            string html = Open(Tool.Run(host, "groups", "--html", "-").Succeeded().Output, out bool hadPolicy);
            Assert.True(hadPolicy);
            yield return (name, html);
        }
    }

    private static IEnumerable<(string Name, string Html)> Typical()
    {
        using FakeHost host = FakeHost.Typical();
        foreach (string option in (string[])["--svg", "--html"])
        {
            yield return (option, Open(Tool.Run(host, "groups", option, "-").Succeeded().Output, out _));
        }
    }

    private static (string Name, string Html) Wrong() => (
        "wrong",
        "<!DOCTYPE html><body><svg viewBox='0 0 100 100'><text x='0' y='50' font-size='20'>much too wide for it</text>"
        + $"<text x='5' y='50' font-size='20'>over</text></svg><div style='width:{2 * Width}px'>wide</div><img src='http://127.0.0.1:49151/x.png'>");

    // The page's own policy would keep the script from running, as it shall.
    private static string Open(string html, out bool hadPolicy)
    {
        string open = html.Replace("<meta http-equiv=\"Content-Security-Policy\"", "<meta name=\"policy\"", StringComparison.Ordinal);
        hadPolicy = open != html;
        return open.Replace("</body>", "", StringComparison.Ordinal);
    }
}

/// <summary>What the browser sees of one document.</summary>
internal sealed record BrowserView(SeenBox[] Texts, SeenBox[] Shapes, SeenBox[] Views, double Scroll, double Client, string Background, int Requests)
{
    public static BrowserView Of(JsonElement root) => new(
        ReadAll(root, "texts"), ReadAll(root, "shapes"), ReadAll(root, "views"), root.GetProperty("scroll").GetDouble(), root.GetProperty("client").GetDouble(),
        root.GetProperty("background").GetString()!, root.GetProperty("requests").GetInt32());

    private static SeenBox[] ReadAll(JsonElement root, string name) => [.. root.GetProperty(name).EnumerateArray().Select(item => new SeenBox(
        item.GetProperty("x").GetDouble(), item.GetProperty("y").GetDouble(), item.GetProperty("width").GetDouble(), item.GetProperty("height").GetDouble(),
        item.GetProperty("text").GetString()!, item.GetProperty("svg").GetInt32()))];
}

/// <summary>An element's place.</summary>
internal sealed record SeenBox(double X, double Y, double Width, double Height, string Text, int Svg)
{
    public Rect Rect => new(X, Y, Width, Height);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"'{Text}' at {X:0.#} {Y:0.#}, {Width:0.#} by {Height:0.#}");
}
