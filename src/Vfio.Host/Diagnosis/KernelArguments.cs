namespace Vfio.Host;

/// <summary>The kernel's command line, and how to change it with this host's boot loader.</summary>
/// <param name="Words">The arguments, in order.</param>
/// <param name="Loader">The tool that writes the boot loader's configuration.</param>
internal sealed record KernelArguments(IReadOnlyList<string> Words, BootLoader Loader)
{
    /// <summary>What to do if no command is known.</summary>
    public const string Restart = "then restart the host";

    public static KernelArguments Read(HostRoot host)
    {
        bool Has(string file) => File.Exists(host.Combine(file));
        BootLoader loader = Has("run/ostree-booted") && Has("usr/bin/rpm-ostree") ? BootLoader.RpmOstree
            : Has("usr/sbin/grubby") || Has("usr/bin/grubby") ? BootLoader.Grubby
            : Has("usr/sbin/update-grub") && Has("etc/default/grub") ? BootLoader.UpdateGrub
            : BootLoader.Unknown;
        string line = SysfsFile.Read(host.Combine("proc/cmdline")) ?? "";
        return new KernelArguments(line.Split([' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries), loader);
    }

    /// <summary>Gets the last argument with a name, as written. The kernel obeys the last of several.</summary>
    public string? Last(string name) =>
        Words.LastOrDefault(word => word == name || word.StartsWith($"{name}=", StringComparison.Ordinal));

    /// <summary>Gets the argument that sets a value which no later argument of the same name undoes.</summary>
    /// <param name="name">The argument's name.</param>
    /// <param name="value">The value: one of those separated by commas.</param>
    /// <param name="opposites">The values that undo it.</param>
    /// <returns>The argument as written; <see langword="null"/> if the value is not in effect.</returns>
    public string? Holding(string name, string value, params string[] opposites)
    {
        string? holding = null;
        foreach (string word in Words.Where(word => word.StartsWith($"{name}=", StringComparison.Ordinal)))
        {
            foreach (string part in word[(name.Length + 1)..].Split(','))
            {
                holding = part == value ? word : opposites.Contains(part) ? null : holding;
            }
        }

        return holding;
    }

    /// <summary>
    /// Gets the command that adds an argument permanently; <see langword="null"/> if this boot loader is unknown.
    /// </summary>
    public string? HowToAdd(string argument) => Loader switch
    {
        BootLoader.RpmOstree => $"sudo rpm-ostree kargs --append-if-missing={argument}",
        BootLoader.Grubby => $"sudo grubby --update-kernel=ALL --args={argument}",
        BootLoader.UpdateGrub =>
            $"sudo sed -i 's/^GRUB_CMDLINE_LINUX=\"/&{argument} /' /etc/default/grub && sudo update-grub",
        _ => null,
    };

    /// <summary>
    /// Gets the command that removes an argument permanently; <see langword="null"/> if this boot loader is unknown.
    /// </summary>
    public string? HowToRemove(string argument) => !IsPlain(argument) ? null : Loader switch
    {
        BootLoader.RpmOstree => $"sudo rpm-ostree kargs --delete-if-present={argument}",
        BootLoader.Grubby => $"sudo grubby --update-kernel=ALL --remove-args={argument}",
        BootLoader.UpdateGrub => $"sudo sed -i 's/\\b{argument}\\b//' /etc/default/grub && sudo update-grub",
        _ => null,
    };

    /// <summary>Gets what to do besides the command, or instead of it.</summary>
    public string AdviceToAdd(string argument) =>
        Loader == BootLoader.Unknown
            ? $"add {argument} to the kernel's command line in the boot loader's configuration; {Restart}"
            : Restart;

    /// <summary>Gets what to do besides the command, or instead of it.</summary>
    public string AdviceToRemove(string argument) => HowToRemove(argument) is null
        ? $"remove {argument} from the kernel's command line in the boot loader's configuration; {Restart}" : Restart;

    // An argument that becomes part of a shell command must not contain characters that are special to the shell or
    // sed.
    private static bool IsPlain(string argument) =>
        argument.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '=' or ',' or '.' or ':' or '-');
}

/// <summary>The tool that writes a boot loader's configuration.</summary>
internal enum BootLoader
{
    Unknown,
    Grubby,
    UpdateGrub,
    RpmOstree,
}
