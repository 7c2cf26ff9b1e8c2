using System.Diagnostics;

namespace Vfio.Cli.Tests;

/// <summary>Runs Debian's Chromium without a window on one page.</summary>
internal static class Chromium
{
    private const string Program = "/usr/bin/chromium";
    private static readonly TimeSpan Patience = Eventually.Limit;

    /// <summary>Skips the test, with a message, if Chromium is not installed.</summary>
    public static void Require() =>
        Assert.SkipUnless(File.Exists(Program), $"NOT TESTED: {Program} is missing; eng/setup installs it");

    /// <summary>Returns the elements of the page after its scripts ran.</summary>
    public static string DumpDom(string page, int width, int height, params string[] options) =>
        Run(
            Path.GetDirectoryName(page)!,
            ["--dump-dom", $"--window-size={width},{height}", .. options, new Uri(page).AbsoluteUri]);

    /// <summary>Takes a screenshot of the page, for a person to look at.</summary>
    public static void Screenshot(string page, string picture, int width, int height, params string[] options) =>
        Run(
            Path.GetDirectoryName(page)!,
            [$"--screenshot={picture}", $"--window-size={width},{height}", .. options, new Uri(page).AbsoluteUri]);

    private static string Run(string folder, string[] arguments)
    {
        // Chromium runs in its own process group, which is killed as a whole after a timeout, because a browser
        // consists of many processes.
        ProcessStartInfo start = new("/usr/bin/timeout")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string argument in (string[])
        [
            "--kill-after=5",
            $"{Patience.TotalSeconds - 10}",
            Program,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--disable-background-networking",
            "--no-first-run",
            $"--user-data-dir={Path.Combine(folder, "profile")}",
            .. arguments,
        ])
        {
            start.ArgumentList.Add(argument);
        }

        // Nothing of the user who runs the tests is used; the home folder may not exist.
        start.Environment["HOME"] = folder;
        start.Environment["TMPDIR"] = folder;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"Chromium did not end: {string.Join(' ', arguments)}");
        }

        Assert.True(process.ExitCode == 0, $"Chromium ended with {process.ExitCode}: {errors.Result}");
        return output.Result;
    }
}
