namespace Vfio.Cli.Tests;

/// <summary>
/// The page in a browser, in windows of several widths. If VFIO_PICTURES is set to a folder, the pages and their
/// screenshots are left there for a person to look at.
/// </summary>
public sealed class PictureBrowserTests(BrowserViews views) : IClassFixture<BrowserViews>
{
    public static TheoryData<string, int> Pages =>
        [.. BrowserViews.Hosts.SelectMany(host =>
            BrowserViews.Widths.Select(width => new TheoryDataRow<string, int>(host, width)))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_fits_its_window_and_loads_nothing(string name, int width)
    {
        Chromium.Require();
        BrowserView seen = views.Find(name, width);
        Assert.True(seen.Scroll <= seen.Client, $"{seen.Scroll} in {seen.Client}");
        Assert.Equal(0, seen.Requests);
        Keep(name, width, seen);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Text_stays_in_its_place_and_overlaps_no_other_text(string name, int width)
    {
        Chromium.Require();
        BrowserView seen = views.Find(name, width);
        Assert.All(seen.Texts.Where(text => text.Cell >= 0), text =>
            Assert.True(seen.Cells[text.Cell].Contains(text), $"{text} leaves {seen.Cells[text.Cell]}"));
        AssertApart(seen.Texts);
        Assert.All(seen.Boxes, box => Assert.InRange(box.Width, 150, double.MaxValue));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_frame_surrounds_its_rows_and_no_others(string name, int width)
    {
        Chromium.Require();
        BrowserView seen = views.Find(name, width);
        AssertApart(seen.Rows);
        AssertApart(seen.Frames);
        foreach ((SeenBox frame, int[] inside) in seen.Frames.Zip(seen.Inside))
        {
            Assert.Equal(inside, Enumerable.Range(0, seen.Rows.Length).Where(row => frame.Contains(seen.Rows[row])));
            Assert.Equal(inside, Enumerable.Range(0, seen.Rows.Length).Where(row => frame.Overlaps(seen.Rows[row])));
        }
    }

    [Fact]
    public void Dark_surroundings_get_dark_colours()
    {
        Chromium.Require();
        Assert.Equal("rgb(255, 255, 255)", views.Find("typical", BrowserViews.Widths[0]).Background);
        Assert.Equal("rgb(13, 17, 23)", views.Find("typical", BrowserViews.Widths[0], isDark: true).Background);
    }

    [Fact]
    public void The_measuring_sees_text_that_leaves_its_place()
    {
        Chromium.Require();
        BrowserView seen = views.Find("wrong", 480);
        Assert.False(seen.Cells[seen.Texts[0].Cell].Contains(seen.Texts[0]));
        Assert.True(seen.Texts[0].Overlaps(seen.Texts[1]));
        Assert.True(seen.Scroll > seen.Client, $"{seen.Scroll} in {seen.Client}");
        Assert.Equal(1, seen.Requests);
    }

    // Sorted by height, so that only neighbours are compared: there are millions of pairs.
    private static void AssertApart(SeenBox[] boxes)
    {
        SeenBox[] sorted = [.. boxes.OrderBy(box => box.Y)];
        for (int i = 0; i < sorted.Length; i++)
        {
            for (int j = i + 1; j < sorted.Length && sorted[j].Y < sorted[i].Bottom; j++)
            {
                if (sorted[i].Overlaps(sorted[j]))
                {
                    Assert.Fail($"{sorted[i]} and {sorted[j]}");
                }
            }
        }
    }

    private static void Keep(string name, int width, BrowserView seen)
    {
        if (Environment.GetEnvironmentVariable("VFIO_PICTURES") is not string folder)
        {
            return;
        }

        using FakeHost host = PictureHosts.Make(name);
        string file = Path.Combine(Path.GetFullPath(folder), name + ".html");
        File.WriteAllText(file, Tool.Run(host, "groups", "--html", "-").Succeeded().Output);
        int height = (int)Math.Min(16000, seen.Height);
        Chromium.Screenshot(file, $"{file}.{width}.png", width, height);
        Chromium.Screenshot(file, $"{file}.{width}.dark.png", width, height, "--blink-settings=preferredColorScheme=0");
    }
}
