namespace Vfio.Host;

/// <summary>The systemd unit that binds persistent devices before anything else in the boot uses devices.</summary>
internal static class SystemdUnit
{
    public const string Name = "vfio-persistent.service";

    // The two services after it in the boot load the modules of drivers, and the first driver that is loaded gets the
    // device. A device that the initramfs or the kernel itself has already bound to a driver is unbound here, before
    // the network or a disk other than the root disk is set up on it.
    public static string Text(string program) => $"""
        # Written by vfio, and removed by 'vfio release'. Changes to this file are lost.
        [Unit]
        Description=Bind the PCI devices that were bound to VFIO with --persist
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
