namespace Vfio.Host;

/// <summary>Judges whether a device can raise only its own interrupts.</summary>
internal static class InterruptJudge
{
    private const FindingTopic Topic = FindingTopic.Interrupts;

    // Intel VT-d specification, section 11.4.3: IR.
    private const ulong InterruptRemapping = 1 << 3;

    public static Finding Judge(HostFacts host)
    {
        if (host.RemapsInterrupts is not bool isOn)
        {
            return new Finding(
                Topic,
                FindingLevel.Unknown,
                "whether interrupts are isolated is unknown: only x86 reports it (IR- in /proc/interrupts)")
            {
                Advice = "if they are not, opening a device fails with EPERM, and the kernel's log says so",
            };
        }

        if (isOn)
        {
            return new Finding(Topic, FindingLevel.Ok, "interrupts are remapped, so a device can raise only its own");
        }

        return NotRemapped(host);
    }

    private static Finding NotRemapped(HostFacts host)
    {
        string? argument = Switch(host.Arguments);
        bool isAllowed = host.UnsafeInterrupts.Count != 0 && host.UnsafeInterrupts.All(parameter => parameter.IsOn);
        string cause = argument is not null ? $": {argument} is on the kernel's command line"
            : host.VtdExtendedCapabilities.Any(register => (register & InterruptRemapping) != 0)
                ? ", although the IOMMU supports it"
            : host.Iommus.Count != 0 ? ": this IOMMU does not support it" : "";
        Finding finding = new(
            Topic,
            isAllowed ? FindingLevel.Warning : FindingLevel.Error,
            $"interrupts are not remapped{cause}{(isAllowed ? ", but devices are allowed anyway" : "")}")
        {
            Reason = isAllowed
                ? "a device can raise any interrupt of the host with a write to memory, so bind devices only for "
                    + "trusted programs (allow_unsafe_interrupts)"
                : "a device could raise any interrupt of the host with a write to memory, so "
                    + "opening it fails with EPERM",
        };
        if (argument is not null)
        {
            return finding with
            {
                Command = host.Arguments.HowToRemove(argument),
                Advice = host.Arguments.AdviceToRemove(argument),
            };
        }

        return isAllowed
            ? finding with
            {
                Advice = "look for interrupt remapping or x2APIC in the firmware's setup; sudo dmesg | grep -i remap "
                    + "shows what the kernel found",
            }
            : finding with
            {
                Command = Allow(host),
                Advice = "it holds until the next boot, and is only for trusted devices and programs; if the "
                    + "firmware's setup has interrupt remapping, enable that instead",
            };
    }

    private static string Allow(HostFacts host) => host.UnsafeInterrupts.Count == 0
        ? "sudo modprobe vfio_iommu_type1 allow_unsafe_interrupts=1"
        : $"echo 1 | sudo tee {string.Join(' ', host.UnsafeInterrupts.Select(parameter => parameter.Path))}";

    private static string? Switch(KernelArguments arguments) =>
        arguments.Holding("intremap", "off", "on") ?? arguments.Last("nointremap");
}
