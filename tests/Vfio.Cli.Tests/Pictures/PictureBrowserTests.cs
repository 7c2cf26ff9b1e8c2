using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Vfio.Cli.Pictures;

namespace Vfio.Cli.Tests;

/// <summary>
/// What a browser makes of the pictures: real letters in real places. With VFIO_PICTURES set to a folder, screenshots are left there
/// for a person to look at.
/// </summary>
public sealed class PictureBrowserTests : IDisposable
{
    private const int PageWidth = 1280;

    // What rounding of letters to pixels may add.
    private const double Tolerance = 1.5;

    // Only the test's copy of a page has a script.
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
          const out = document.createElement('pre'); out.id = 'result'; out.textContent = JSON.stringify(result); document.body.append(out);
        });
        </script>
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("vfio-pictures-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Drawn_text_stays_in_its_place()
    {
        Chromium.Require();
        // All in one page: starting a browser is what takes long.
        List<(string Name, Picture Picture)> pictures = [];
        StringBuilder page = new("<!DOCTYPE html><meta charset=\"utf-8\"><body style=\"margin:0\">");
        foreach (string name in PictureHosts.Names)
        {
            using FakeHost host = PictureHosts.Make(name);
            Picture picture = PictureLayoutTests.Layout(host);
            pictures.Add((name, picture));
            string svg = Tool.Run(host, "groups", "--svg", "-").Succeeded().Output;
            page.Append(svg);
            Keep(name + ".svg", svg, picture);
        }

        Measurement seen = MeasurePage(page.Append(Measure).ToString(), "svg.html");
        Assert.True(seen.Scroll <= PageWidth, $"{seen.Scroll} wide");
        Assert.Equal(0, seen.Requests);
        for (int i = 0; i < pictures.Count; i++)
        {
            AssertInPlace(pictures[i].Picture, [.. seen.Texts.Where(text => text.Svg == i)], [.. seen.Shapes.Where(shape => shape.Svg == i)]);
        }
    }

    [Theory]
    [InlineData("machine")]
    [InlineData("server")]
    [InlineData("deep")]
    [InlineData("hostile")]
    public void A_page_fits_its_window_and_loads_nothing(string name)
    {
        Chromium.Require();
        using FakeHost host = PictureHosts.Make(name);
        Picture picture = PictureLayoutTests.Layout(host);
        string html = Tool.Run(host, "groups", "--html", "-").Succeeded().Output;
        // The page's own policy would keep the script from running, as it shall.
        string open = html.Replace("<meta http-equiv=\"Content-Security-Policy\"", "<meta name=\"policy\"", StringComparison.Ordinal);
        Assert.NotEqual(html, open);
        Measurement seen = MeasurePage(open.Replace("</body>", Measure + "</body>", StringComparison.Ordinal), "page.html");
        Assert.True(seen.Scroll <= seen.Client, $"{seen.Scroll} in {seen.Client}");
        Assert.Equal(0, seen.Requests);
        AssertApart(seen.Texts);
        Assert.Equal(picture.Header.Shapes.Concat(picture.Rows.SelectMany(row => row.Shapes)).OfType<TextShape>().Count(text => text.Text.Length != 0), seen.Texts.Length);
        Rect[] views = [.. seen.Views.Select(view => view.Rect)];
        Assert.Equal(picture.Height, views[^1].Bottom, 0.1);
        Assert.All(seen.Texts, text => Assert.Contains(views, view => Grown(view).Contains(text.Rect)));
        for (int i = 1; i < views.Length; i++)
        {
            Assert.Equal(views[i - 1].Bottom, views[i].Y, 0.1);
        }

        Keep(name + ".html", html, picture);
    }

    [Theory]
    [InlineData("--svg")]
    [InlineData("--html")]
    public void Dark_surroundings_get_dark_colours(string option)
    {
        Chromium.Require();
        using FakeHost host = FakeHost.Typical();
        string drawn = Tool.Run(host, "groups", option, "-").Succeeded().Output
            .Replace("<meta http-equiv=\"Content-Security-Policy\"", "<meta name=\"policy\"", StringComparison.Ordinal)
            .Replace("</body>", "", StringComparison.Ordinal);
        Assert.Equal("rgb(255, 255, 255)", MeasurePage(drawn + Measure, "light.html", "--blink-settings=preferredColorScheme=1").Background);
        Assert.Equal("rgb(13, 17, 23)", MeasurePage(drawn + Measure, "dark.html", "--blink-settings=preferredColorScheme=0").Background);
    }

    [Fact]
    public void The_measuring_sees_text_that_leaves_its_place()
    {
        Chromium.Require();
        Measurement seen = MeasurePage(
            $"<!DOCTYPE html><body><svg viewBox='0 0 100 100'><text x='0' y='50' font-size='20'>much too wide for it</text><text x='5' y='50' font-size='20'>over</text></svg>{Measure}", "wrong.html");
        Assert.False(new Rect(0, 0, 100, 100).Contains(seen.Texts[0].Rect));
        Assert.True(seen.Texts[0].Rect.Overlaps(seen.Texts[1].Rect));
    }

    private static void AssertInPlace(Picture picture, Seen[] drawn, Seen[] shapes)
    {
        TextShape[] texts = [.. picture.Header.Shapes.Concat(picture.Rows.SelectMany(row => row.Shapes)).OfType<TextShape>().Where(text => text.Text.Length != 0)];
        Assert.Equal(texts.Select(text => text.Text), drawn.Select(text => text.Text));
        for (int i = 0; i < texts.Length; i++)
        {
            Assert.True(Grown(texts[i].Cell).Contains(drawn[i].Rect), $"{drawn[i]} leaves {texts[i].Cell}");
        }

        AssertApart(drawn);
        Rect page = Grown(new Rect(0, 0, picture.Width, picture.Height));
        Assert.All(drawn.Concat(shapes), item => Assert.True(page.Contains(item.Rect), item.ToString()));
    }

    private static void AssertApart(Seen[] texts)
    {
        Rect[] rects = [.. texts.Select(text => text.Rect with { X = text.X + 0.5, Y = text.Y + 0.5, Width = text.Width - 1, Height = text.Height - 1 })];
        for (int i = 0; i < texts.Length; i++)
        {
            for (int j = i + 1; j < texts.Length; j++)
            {
                Assert.False(rects[i].Overlaps(rects[j]), $"{texts[i]} and {texts[j]}");
            }
        }
    }

    private static Rect Grown(Rect rect) =>
        new(rect.X - Tolerance, rect.Y - Tolerance, rect.Width + (2 * Tolerance), rect.Height + (2 * Tolerance));

    private static void Keep(string name, string text, Picture picture)
    {
        if (Environment.GetEnvironmentVariable("VFIO_PICTURES") is not string folder)
        {
            return;
        }

        string file = Path.Combine(Path.GetFullPath(folder), name);
        File.WriteAllText(file, text);
        int height = (int)Math.Min(16000, (picture.Height * PageWidth / picture.Width) + 60);
        Chromium.Screenshot(file, file + ".png", PageWidth, height);
        Chromium.Screenshot(file, file + ".dark.png", PageWidth, height, "--blink-settings=preferredColorScheme=0");
    }

    private Measurement MeasurePage(string html, string name, params string[] options)
    {
        string page = Path.Combine(_folder, name);
        File.WriteAllText(page, html);
        string dom = Chromium.DumpDom(page, PageWidth, 900, options);
        const string Start = "<pre id=\"result\">";
        int start = dom.IndexOf(Start, StringComparison.Ordinal);
        Assert.True(start >= 0, dom);
        int end = dom.IndexOf("</pre>", start, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(WebUtility.HtmlDecode(dom[(start + Start.Length)..end]));
        JsonElement root = json.RootElement;
        return new Measurement(
            ReadAll(root, "texts"), ReadAll(root, "shapes"), ReadAll(root, "views"), root.GetProperty("scroll").GetDouble(), root.GetProperty("client").GetDouble(),
            root.GetProperty("background").GetString()!, root.GetProperty("requests").GetInt32());
    }

    private static Seen[] ReadAll(JsonElement root, string name) => [.. root.GetProperty(name).EnumerateArray().Select(item => new Seen(
        item.GetProperty("x").GetDouble(), item.GetProperty("y").GetDouble(), item.GetProperty("width").GetDouble(), item.GetProperty("height").GetDouble(),
        item.GetProperty("text").GetString()!, item.GetProperty("svg").GetInt32()))];

    private sealed record Measurement(Seen[] Texts, Seen[] Shapes, Seen[] Views, double Scroll, double Client, string Background, int Requests);

    private sealed record Seen(double X, double Y, double Width, double Height, string Text, int Svg)
    {
        public Rect Rect => new(X, Y, Width, Height);

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"'{Text}' at {X:0.#} {Y:0.#}, {Width:0.#} by {Height:0.#}");
    }
}
