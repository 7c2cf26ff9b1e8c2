namespace Vfio.Host;

/// <summary>The kernel's command line, and how this host's boot loader is told to change it.</summary>
/// <param name="Words">The arguments, in order.</param>
/// <param name="Loader">What writes the boot loader's configuration.</param>
internal sealed record KernelArguments(IReadOnlyList<string> Words, BootLoader Loader)
{
    /// <summary>What to do where no command is known.</summary>
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

    /// <summary>The last argument of a name, as written; of several the kernel obeys the last.</summary>
    public string? Last(string name) => Words.LastOrDefault(word => word == name || word.StartsWith($"{name}=", StringComparison.Ordinal));

    /// <summary>The argument of a name whose last word of all that switch the same is this one.</summary>
    /// <param name="name">The argument's name.</param>
    /// <param name="value">The value: one of those between commas.</param>
    /// <param name="opposites">The values that undo it.</param>
    /// <returns>The argument as written; null where it does not hold.</returns>
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

    /// <summary>The command that adds an argument for good; null where this boot loader is not known.</summary>
    public string? HowToAdd(string argument) => Loader switch
    {
        BootLoader.RpmOstree => $"sudo rpm-ostree kargs --append-if-missing={argument}",
        BootLoader.Grubby => $"sudo grubby --update-kernel=ALL --args={argument}",
        BootLoader.UpdateGrub => $"sudo sed -i 's/^GRUB_CMDLINE_LINUX=\"/&{argument} /' /etc/default/grub && sudo update-grub",
        _ => null,
    };

    /// <summary>The command that removes an argument for good; null where this boot loader is not known.</summary>
    public string? HowToRemove(string argument) => !IsPlain(argument) ? null : Loader switch
    {
        BootLoader.RpmOstree => $"sudo rpm-ostree kargs --delete-if-present={argument}",
        BootLoader.Grubby => $"sudo grubby --update-kernel=ALL --remove-args={argument}",
        BootLoader.UpdateGrub => $"sudo sed -i 's/\\b{argument}\\b//' /etc/default/grub && sudo update-grub",
        _ => null,
    };

    /// <summary>What to do besides the command, or in its place.</summary>
    public string AdviceToAdd(string argument) =>
        Loader == BootLoader.Unknown ? $"put {argument} on the kernel's command line, in the boot loader's configuration; {Restart}" : Restart;

    /// <summary>What to do besides the command, or in its place.</summary>
    public string AdviceToRemove(string argument) => HowToRemove(argument) is null
        ? $"take {argument} from the kernel's command line, in the boot loader's configuration; {Restart}" : Restart;

    // What becomes part of a shell's line has nothing in it that a shell or sed would act on.
    private static bool IsPlain(string argument) => argument.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '=' or ',' or '.' or ':' or '-');
}

/// <summary>What writes a boot loader's configuration.</summary>
internal enum BootLoader
{
    Unknown,
    Grubby,
    UpdateGrub,
    RpmOstree,
}
