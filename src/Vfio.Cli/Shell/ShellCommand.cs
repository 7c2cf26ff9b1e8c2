using System.CommandLine;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio shell</c>, which performs many operations on a device that is opened once.</summary>
internal static class ShellCommand
{
    private const string Name = "shell";
    private const string StandardInput = "-";

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget> device = Symbols.Device(host);
        Option<VfioBackend> backend = Symbols.Backend();
        Argument<string?> script = new("SCRIPT")
        {
            Description = "A file with commands. By default, or with -, standard input",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> json = Symbols.Flag("--json", "Print each access as JSON Lines, in the format of a recording");
        DocumentedCommand command = new(
            Name, "Use the registers and DMA of a device that stays open, by typing commands or from a script.")
        {
            Notes =
            [
                "Commands: " + string.Join("; ", ShellHelp.Commands.Select(line => line.Usage)) + ".",
                ReadCommand.NameNote,
                "On a terminal, the shell has a history (arrow keys), line editing, and completion of commands and "
                + "names (Tab). After an error, the shell continues. Ctrl-C interrupts the current command; Ctrl-D or "
                + "quit ends the shell.",
                "A script, from a file or a pipe, is checked as a whole before the device is opened. It stops at the "
                + "first error and reports its line. # begins a comment.",
                "undo reverts the last write. For that, each register is read before it is written, unless vfio knows "
                + "that reading changes it.",
                "alloc allocates memory that the device can access, and prints its address as the device sees it "
                + "(IOVA), which you write to the device's registers. DMA needs bus mastering: 'set config.COMMAND 2' "
                + "enables it. When the shell ends, it disables bus mastering and then unmaps the memory. undo does "
                + "not revert alloc, free and poke. Recordings do not contain these commands or peek.",
                "The device is reset when the shell opens it, and again when it ends.",
            ],
            Examples =
            [
                ("vfio shell 0000:00:14.3", "type: read STATUS"),
                ("vfio shell 0000:00:14.3 bring-up.txt", "a script"),
                ("vfio shell emu:edu dma.txt", "a script with DMA, on a device model"),
                ("printf 'reset\\nread STATUS\\n' | vfio shell 00:14.3", "from a pipe"),
            ],
        };
        command.Add(device);
        command.Add(script);
        command.Add(backend);
        command.Add(json);
        command.SetAction(result => Run(
            host, Symbols.Target(result, device, backend), result.GetValue(script), result.GetValue(json)));
        return command;
    }

    private static int Run(CliHost host, DeviceTarget target, string? file, bool isJson)
    {
        RegisterNames names = target.NameRegisters(host);
        ShellParser parser = new(names);
        if (file is null && host.FindKeyboard() is IKeyboard keyboard)
        {
            // Completion offers register names, and here no script has to be checked first.
            names.LoadCapabilities();
            using RegisterShell interactive = Open(host, target, names, isJson);
            using ILineSource lines = MakeEditor(
                host, keyboard, new ShellCompleter(names, () => interactive.Addresses));
            return new InteractiveShell(host, interactive, parser, lines).Run(target.Name);
        }

        bool isInput = file is null or StandardInput;
        Stream stream = isInput
            ? host.OpenInput()
            : InputFile.Open(Name, file!, "name a file with commands; vfio shell --help lists the commands");
        ShellScript script = ShellScript.Read(isInput ? "stdin" : file!, stream, parser);
        using Interruption interruption = new(host.Stop);
        using RegisterShell shell = Open(host, target, names, isJson);
        try
        {
            return script.Run(host, shell, interruption.Token);
        }
        catch (OperationCanceledException)
        {
            return interruption.Code;
        }
    }

    private static ILineSource MakeEditor(CliHost host, IKeyboard keyboard, ShellCompleter completer) =>
        keyboard.IsPlain
            ? new PlainLines(host)
            : new LineEditor(keyboard, host.Out, host.Terminal.Width ?? 80, completer.Complete);

    private static RegisterShell Open(CliHost host, DeviceTarget target, RegisterNames names, bool isJson)
    {
        RegisterSession session = RegisterSession.Open(host, target, names);
        try
        {
            return new RegisterShell(host, session, isJson);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }
}
