namespace Vfio.Cli.Tests;

/// <summary>
/// What a browser makes of the pictures: real letters in real places. With VFIO_PICTURES set to a folder, screenshots are left there
/// for a person to look at.
/// </summary>
public sealed class PictureBrowserTests(BrowserViews views) : IClassFixture<BrowserViews>
{
    // What rounding of letters to pixels may add.
    private const double Tolerance = 1.5;

    [Fact]
    public void Drawn_text_stays_in_its_place()
    {
        Chromium.Require();
        BrowserView seen = views.Find("pictures");
        Assert.True(seen.Scroll <= BrowserViews.Width, $"{seen.Scroll} wide");
        Assert.Equal(0, seen.Requests);
        for (int i = 0; i < PictureHosts.Names.Count; i++)
        {
            using FakeHost host = PictureHosts.Make(PictureHosts.Names[i]);
            Picture picture = PictureLayoutTests.Layout(host);
            AssertInPlace(picture, [.. seen.Texts.Where(text => text.Svg == i)], [.. seen.Shapes.Where(shape => shape.Svg == i)]);
            Keep(PictureHosts.Names[i] + ".svg", Tool.Run(host, "groups", "--svg", "-").Succeeded().Output, picture);
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
        BrowserView seen = views.Find(name);
        Assert.True(seen.Scroll <= seen.Client, $"{seen.Scroll} in {seen.Client}");
        Assert.Equal(0, seen.Requests);
        AssertApart(seen.Texts);
        Assert.Equal(picture.Header.Shapes.Concat(picture.Rows.SelectMany(row => row.Shapes)).OfType<TextShape>().Count(text => text.Text.Length != 0), seen.Texts.Length);
        Rect[] drawings = [.. seen.Views.Select(view => view.Rect)];
        Assert.Equal(picture.Height, drawings[^1].Bottom, 0.1);
        Assert.All(seen.Texts, text => Assert.Contains(drawings, view => Grown(view).Contains(text.Rect)));
        for (int i = 1; i < drawings.Length; i++)
        {
            Assert.Equal(drawings[i - 1].Bottom, drawings[i].Y, 0.1);
        }

        Keep(name + ".html", Tool.Run(host, "groups", "--html", "-").Succeeded().Output, picture);
    }

    [Theory]
    [InlineData("--svg")]
    [InlineData("--html")]
    public void Dark_surroundings_get_dark_colours(string option)
    {
        Chromium.Require();
        Assert.Equal("rgb(255, 255, 255)", views.Find(option).Background);
        Assert.Equal("rgb(13, 17, 23)", views.Find(option, isDark: true).Background);
    }

    [Fact]
    public void The_measuring_sees_text_that_leaves_its_place()
    {
        Chromium.Require();
        BrowserView seen = views.Find("wrong");
        Assert.False(new Rect(0, 0, 100, 100).Contains(seen.Texts[0].Rect));
        Assert.True(seen.Texts[0].Rect.Overlaps(seen.Texts[1].Rect));
        Assert.True(seen.Scroll > seen.Client, $"{seen.Scroll} in {seen.Client}");
        Assert.Equal(1, seen.Requests);
    }

    private static void AssertInPlace(Picture picture, SeenBox[] drawn, SeenBox[] shapes)
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

    private static void AssertApart(SeenBox[] texts)
    {
        Rect[] rects = [.. texts.Select(text => text.Rect with { X = text.X + 0.5, Y = text.Y + 0.5, Width = text.Width - 1, Height = text.Height - 1 })];
        for (int i = 0; i < texts.Length; i++)
        {
            for (int j = i + 1; j < texts.Length; j++)
            {
                // Said only if it is so: there are millions of pairs.
                if (rects[i].Overlaps(rects[j]))
                {
                    Assert.Fail($"{texts[i]} and {texts[j]}");
                }
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
        int height = (int)Math.Min(16000, (picture.Height * BrowserViews.Width / picture.Width) + 60);
        Chromium.Screenshot(file, file + ".png", BrowserViews.Width, height);
        Chromium.Screenshot(file, file + ".dark.png", BrowserViews.Width, height, "--blink-settings=preferredColorScheme=0");
    }
}
