namespace Vfio.Cli;

/// <summary>
/// Holds the files to install so that systemd runs the broker, as text to copy: each file follows its name.
/// </summary>
internal static class BrokerUnits
{
    public const string PolicyPath = "/etc/vfio/broker.policy";

    public const string Text = """
        # /usr/lib/sysusers.d/vfio-broker.conf
        u vfio-broker - "VFIO broker" - -

        # /etc/systemd/system/vfio-broker.socket
        [Unit]
        Description=Socket of the VFIO broker

        [Socket]
        ListenSequentialPacket=/run/vfio-broker.sock
        FileDescriptorName=broker
        SocketMode=0666
        RemoveOnStop=yes

        [Install]
        WantedBy=sockets.target

        # /etc/systemd/system/vfio-broker.service
        [Unit]
        Description=VFIO broker: opens devices for programs according to a policy
        Documentation=man:vfio-broker(1)
        Requires=vfio-broker.socket

        [Service]
        ExecStart=/usr/bin/vfio broker --policy /etc/vfio/broker.policy
        ExecReload=/bin/kill -HUP $MAINPID
        Restart=on-failure
        User=vfio-broker
        # Only the VFIO nodes: IOMMU groups, devices, the type1 container and iommufd.
        DevicePolicy=closed
        DeviceAllow=char-vfio rw
        DeviceAllow=char-vfio-dev rw
        DeviceAllow=/dev/vfio/vfio rw
        DeviceAllow=/dev/iommu rw
        CapabilityBoundingSet=
        AmbientCapabilities=
        NoNewPrivileges=yes
        LimitNOFILE=4096
        LimitMEMLOCK=0
        TasksMax=64
        MemoryMax=256M
        UMask=0077
        ProtectSystem=strict
        ProtectHome=yes
        PrivateTmp=yes
        PrivateNetwork=yes
        ProtectKernelTunables=yes
        ProtectKernelModules=yes
        ProtectKernelLogs=yes
        ProtectControlGroups=yes
        ProtectClock=yes
        ProtectHostname=yes
        RestrictAddressFamilies=AF_UNIX
        RestrictNamespaces=yes
        RestrictRealtime=yes
        RestrictSUIDSGID=yes
        LockPersonality=yes
        SystemCallArchitectures=native
        SystemCallFilter=@system-service
        SystemCallErrorNumber=EPERM

        # /etc/vfio/broker.policy, owned by root, mode 0644
        # allow|deny  WHO         DEVICES              [BACKEND]
        # allow       user:alice  device:0000:00:14.3  iommufd
        # allow       group:nic   class:0200

        """;
}
