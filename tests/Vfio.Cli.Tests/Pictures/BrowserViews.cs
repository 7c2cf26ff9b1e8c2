using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Vfio.Cli.Tests;

/// <summary>
/// Holds what a browser measures in the pages of <see cref="PictureBrowserTests"/>. All pages are in one document, each
/// in its own frame, because starting a browser takes long.
/// </summary>
public sealed class BrowserViews : IDisposable
{
    private const int Height = 900;

    // Only the test's copy of a page has a script. The cell of a text is the element that the text must not leave.
    private const string Measure = """
        <script>
        addEventListener('load', () => {
          const place = (r, text, cell) => ({ x: r.x, y: r.y, width: r.width, height: r.height, text, cell });
          const all = selector => [...document.querySelectorAll(selector)];
          const boxes = selector => all(selector).map(e => place(e.getBoundingClientRect(), e.textContent, -1));
          const cells = all('.box, .facts > *, .legend li, main > p, h1');
          const texts = [];
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const parent = node.parentElement;
            if (!node.data.trim() || parent.closest('script, details') || parent.offsetWidth <= 1) continue;
            const range = document.createRange();
            range.selectNodeContents(node);
            const cell = cells.indexOf(parent.closest('.box, .facts > *, .legend li, main > p, h1'));
            for (const r of range.getClientRects()) texts.push(place(r, node.data, cell));
          }
          const rows = all('.row');
          const result = {
            texts, cells: cells.map(e => place(e.getBoundingClientRect(), '', -1)),
            rows: boxes('.row'), frames: boxes('.frame'), boxes: boxes('.box'),
            inside: all('.frame').map(f => rows.flatMap((row, i) => f.contains(row) ? [i] : [])),
            scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth,
            height: document.documentElement.scrollHeight, background: getComputedStyle(document.body).backgroundColor,
            requests: performance.getEntriesByType('resource').length
          };
          const out = parent.document.createElement('pre');
          out.id = 'result' + name;
          out.textContent = JSON.stringify(result);
          parent.document.body.append(out);
        });
        </script>
        """;

    // The folder contains the browser's sockets, whose names are limited to 107 characters.
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(
        Path.GetTempPath().Length <= 40 ? Path.GetTempPath() : "/tmp", $"vfio-pictures-{Guid.NewGuid():n}")).FullName;

    private readonly Lazy<string> _light;
    private readonly Lazy<string> _dark;

    public BrowserViews()
    {
        _light = new Lazy<string>(() => Show(
            "light", isDark: false, [.. Hosts.SelectMany(host => Widths.Select(width => Load(host, width))), Wrong()]));
        _dark = new Lazy<string>(() => Show("dark", isDark: true, [Load("typical", Widths[0])]));
    }

    /// <summary>The hosts whose pages are measured.</summary>
    public static IReadOnlyList<string> Hosts { get; } =
    [
        "machine", "typical", "server", "large-group", "split-groups", "empty", "deep", "chain", "functions", "hostile",
    ];

    /// <summary>The widths of the windows: a telephone, half a screen, a screen.</summary>
    public static IReadOnlyList<int> Widths { get; } = [480, 900, 1600];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Gets what the browser measured in one page.</summary>
    internal BrowserView Find(string host, int width, bool isDark = false)
    {
        string dom = (isDark ? _dark : _light).Value;
        string open = $"<pre id=\"result{host}-{width}\">";
        int start = dom.IndexOf(open, StringComparison.Ordinal);
        Assert.True(start >= 0, dom);
        int end = dom.IndexOf("</pre>", start, StringComparison.Ordinal);
        string json = WebUtility.HtmlDecode(dom[(start + open.Length)..end]);
        return JsonSerializer.Deserialize<BrowserView>(json, JsonSerializerOptions.Web)!;
    }

    private string Show(string name, bool isDark, IEnumerable<(string Name, int Width, string Html)> pages)
    {
        StringBuilder all = new("<!DOCTYPE html><meta charset=\"utf-8\"><body>");
        foreach ((string page, int width, string html) in pages)
        {
            string style = string.Create(CultureInfo.InvariantCulture, $"width:{width}px;height:{Height}px;border:0");
            string source = WebUtility.HtmlEncode(html + Measure);
            all.Append($"<iframe name=\"{page}-{width}\" style=\"{style}\" srcdoc=\"{source}\"></iframe>");
        }

        string file = Path.Combine(_folder, name + ".html");
        File.WriteAllText(file, all.ToString());
        return Chromium.DumpDom(file, Widths[^1], Height, $"--blink-settings=preferredColorScheme={(isDark ? 0 : 1)}");
    }

    private static (string Name, int Width, string Html) Load(string name, int width)
    {
        using FakeHost host = PictureHosts.Make(name);
        string page = Tool.Run(host, "groups", "--html", "-").Succeeded().Output;
        // The page's own policy would prevent the script from running, as it should.
        string open = page.Replace(
            "<meta http-equiv=\"Content-Security-Policy\"", "<meta name=\"policy\"", StringComparison.Ordinal);
        Assert.NotEqual(page, open);
        return (name, width, open[..open.IndexOf("</body>", StringComparison.Ordinal)]);
    }

    private static (string Name, int Width, string Html) Wrong() => (
        "wrong", 480,
        "<!DOCTYPE html><body><main><p style='width:60px;white-space:nowrap'>much too wide for it</p>"
        + "<p style='margin-top:-24px'>over</p></main><div style='width:960px'>wide</div>"
        + "<img src='http://127.0.0.1:49151/x.png'>");
}

/// <summary>Represents what the browser measured in one page.</summary>
/// <param name="Texts">Every line of text.</param>
/// <param name="Cells">The elements that texts must not leave.</param>
/// <param name="Rows">The rows.</param>
/// <param name="Boxes">The boxes in the rows.</param>
/// <param name="Frames">The frames of groups.</param>
/// <param name="Inside">The rows that are elements in each frame.</param>
/// <param name="Scroll">The width of the page.</param>
/// <param name="Client">The width of its window.</param>
/// <param name="Height">The height of the page.</param>
/// <param name="Background">The background colour of the page.</param>
/// <param name="Requests">The number of files that the page loaded.</param>
internal sealed record BrowserView(
    SeenBox[] Texts, SeenBox[] Cells, SeenBox[] Rows, SeenBox[] Boxes, SeenBox[] Frames, int[][] Inside,
    double Scroll, double Client, double Height, string Background, int Requests);

/// <summary>Represents the place of an element.</summary>
internal sealed record SeenBox(double X, double Y, double Width, double Height, string Text, int Cell)
{
    // The rounding of letters to pixels may add this much.
    private const double Tolerance = 1.5;

    public double Right => X + Width;

    public double Bottom => Y + Height;

    public bool Contains(SeenBox other) =>
        other.X >= X - Tolerance && other.Y >= Y - Tolerance
        && other.Right <= Right + Tolerance && other.Bottom <= Bottom + Tolerance;

    public bool Overlaps(SeenBox other) =>
        other.X + 1 < Right && X + 1 < other.Right && other.Y + 1 < Bottom && Y + 1 < other.Bottom;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"'{Text}' at {X:0.#} {Y:0.#}, {Width:0.#} by {Height:0.#}");
}
