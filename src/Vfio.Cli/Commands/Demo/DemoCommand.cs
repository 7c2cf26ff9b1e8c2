using System.CommandLine;
using System.Globalization;
using System.Text;
using Vfio.Emulation;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio demo</c>, which shows what vfio does on a device model.</summary>
internal static class DemoCommand
{
    private const string Name = "demo";

    public static Command Create(CliHost host)
    {
        DocumentedCommand command = new(Name, "Show what vfio does, on a device model; needs no root and no hardware.")
        {
            Notes =
            [
                "Each command is really run after it is printed; if one fails, the demo ends there. The device is "
                + "emu:edu, which every command accepts in place of a device of the host. A recording is written to a "
                + "temporary folder and deleted at the end.",
            ],
            Examples =
            [
                ("vfio demo", "the whole demo, in a second"),
                ("vfio demo | less -R", "page by page"),
            ],
        };
        command.SetAction(_ => Run(host));
        return command;
    }

    private static int Run(CliHost host)
    {
        // The demo is meant for people, even if the output is a pipe or a file.
        Terminal terminal = host.Terminal with { Width = host.Terminal.TextWidth, IsInteractive = true };
        CliHost stage = host with { Terminal = terminal, FindKeyboard = () => null, ShowsProgress = false };
        DirectoryInfo folder = MakeFolder();
        try
        {
            Say(stage, DemoStory.Beginning);
            IReadOnlyList<DemoStep> steps = DemoStory.Steps(Path.Combine(folder.FullName, "session.jsonl"));
            for (int i = 0; i < steps.Count; i++)
            {
                Announce(stage, $"{i + 1}. {steps[i].Title}");
                Say(stage, steps[i].Text);
                foreach (string[] arguments in steps[i].Commands)
                {
                    int code = Perform(stage, arguments, steps[i].Input);
                    if (code != ExitCode.Done)
                    {
                        return code;
                    }
                }
            }

            Announce(stage, $"{steps.Count + 1}. The same in C#");
            ShowCode(stage);
            host.Out.WriteLine();
            Say(stage, DemoStory.End);
            return ExitCode.Done;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static DirectoryInfo MakeFolder()
    {
        try
        {
            return Directory.CreateTempSubdirectory("vfio-demo-");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(
                $"{Name}: cannot create a folder in {Printable.Clean(Path.GetTempPath())}, for a recording",
                "set TMPDIR to a folder that you can write to");
        }
    }

    private static int Perform(CliHost stage, string[] arguments, IReadOnlyList<string> input)
    {
        string here = input.Count == 0 ? "" : " << end";
        stage.Out.WriteLine();
        stage.Out.WriteLine($"$ {stage.Terminal.Bold($"{VfioCommandLine.Name} {string.Join(' ', arguments)}{here}")}");
        foreach (string line in here.Length == 0 ? [] : input.Append("end"))
        {
            stage.Out.WriteLine(stage.Terminal.Bold(line));
        }

        byte[] typed = Encoding.UTF8.GetBytes(string.Join('\n', input) + "\n");
        return VfioCommandLine.Run(arguments, stage with { OpenInput = () => new MemoryStream(typed) });
    }

    // The lines that are printed as code are the lines that run.
    private static void ShowCode(CliHost stage)
    {
        Say(
            stage,
            "EduModel is the device model; VfioDevice.Open(address) opens a device of the host instead. The rest of "
            + "the code is the same, so a driver can be tested without hardware.");
        stage.Out.WriteLine("""

              using EduModel edu = new();
              using VfioDevice device = edu.Open();
              using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
              Console.WriteLine($"BAR0 first dword: 0x{bar0.ReadUInt32(0):x8}");

            """);
        using EduModel edu = new();
        using VfioDevice device = edu.Open();
        using Region bar0 = device.OpenRegion(RegionIndex.Bar0);
        stage.Out.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"BAR0 first dword: 0x{bar0.ReadUInt32(0):x8}"));
    }

    private static void Announce(CliHost stage, string title)
    {
        stage.Out.WriteLine();
        stage.Out.WriteLine(stage.Terminal.Green(title));
    }

    private static void Say(CliHost stage, string text)
    {
        foreach (string line in Printable.Wrap(text, stage.Terminal.TextWidth))
        {
            stage.Out.WriteLine(line);
        }
    }
}
