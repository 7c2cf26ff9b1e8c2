namespace Vfio.Host;

/// <summary>Whether a device can raise only its own interrupts.</summary>
internal static class InterruptJudge
{
    private const FindingTopic Topic = FindingTopic.Interrupts;

    // Intel VT-d specification, section 11.4.3: IR.
    private const ulong InterruptRemapping = 1 << 3;

    public static Finding Judge(HostFacts host)
    {
        if (host.RemapsInterrupts is not bool isOn)
        {
            return new Finding(Topic, FindingLevel.Unknown, "whether interrupts are isolated: only x86 shows it (IR- in /proc/interrupts)")
            {
                Advice = "where they are not, opening a device fails with EPERM, and the kernel's log says so",
            };
        }

        if (isOn)
        {
            return new Finding(Topic, FindingLevel.Ok, "interrupts are remapped: a device can raise its own alone");
        }

        string? argument = Switch(host.Arguments);
        bool isAllowed = host.UnsafeInterrupts.Count != 0 && host.UnsafeInterrupts.All(parameter => parameter.IsOn);
        string cause = argument is not null ? $": {argument} is on the kernel's command line"
            : host.VtdExtendedCapabilities.Any(register => (register & InterruptRemapping) != 0) ? ", though the IOMMU could"
            : host.Iommus.Count != 0 ? ": this IOMMU cannot" : "";
        Finding finding = new(Topic, isAllowed ? FindingLevel.Warning : FindingLevel.Error, $"interrupts are not remapped{cause}{(isAllowed ? "; devices are allowed all the same" : "")}")
        {
            Reason = isAllowed
                ? "a device can raise any interrupt of the host by a write to memory: only for programs that are trusted with that (allow_unsafe_interrupts)"
                : "a device could raise any interrupt of the host by a write to memory: the kernel refuses to open it, with EPERM",
        };
        if (argument is not null)
        {
            return finding with { Command = host.Arguments.HowToRemove(argument), Advice = host.Arguments.AdviceToRemove(argument) };
        }

        return isAllowed
            ? finding with { Advice = "the firmware's setup may have interrupt remapping or x2APIC; sudo dmesg | grep -i remap" }
            : finding with
            {
                Command = Allow(host),
                Advice = "until the next start, and only for devices and programs that are trusted; better is to switch remapping on in the firmware's setup, where it has it",
            };
    }

    private static string Allow(HostFacts host) => host.UnsafeInterrupts.Count == 0
        ? "sudo modprobe vfio_iommu_type1 allow_unsafe_interrupts=1"
        : $"echo 1 | sudo tee {string.Join(' ', host.UnsafeInterrupts.Select(parameter => parameter.Path))}";

    private static string? Switch(KernelArguments arguments) =>
        arguments.Holding("intremap", "off", "on") ?? arguments.Last("nointremap");
}
