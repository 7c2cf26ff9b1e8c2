namespace Vfio.Host;

/// <summary>The unit that takes persistent devices before anything else of the boot looks at devices.</summary>
internal static class SystemdUnit
{
    public const string Name = "vfio-persistent.service";

    // The modules of drivers are loaded by the two services it comes before: whoever is first has the device. What the initramfs or the kernel
    // itself has given to a driver is taken from it here, before the network or a disk that is not root's is set up on it.
    public static string Text(string program) => $"""
        # Written by vfio; 'vfio release' takes it away. Changes here are lost.
        [Unit]
        Description=Take PCI devices for VFIO that were taken with --persist
        Documentation=man:vfio-bind(1)
        DefaultDependencies=no
        ConditionPathExists=/{PersistentDevices.StateFile}
        Wants=network-pre.target
        Before=systemd-modules-load.service systemd-udev-trigger.service sysinit.target network-pre.target
        Conflicts=shutdown.target
        Before=shutdown.target

        [Service]
        Type=oneshot
        ExecStart={program} replug --all

        [Install]
        WantedBy=sysinit.target

        """;
}
