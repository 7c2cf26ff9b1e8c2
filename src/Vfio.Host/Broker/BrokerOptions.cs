namespace Vfio.Host;

/// <summary>The limits of a <see cref="DeviceBroker"/>, and who is told what it does. The defaults suit most.</summary>
public sealed record BrokerOptions
{
    /// <summary>Where the host's <c>/sys</c> and <c>/dev</c> are; the running host unless told.</summary>
    internal HostRoot Host { get; init; } = HostRoot.Default;

    /// <summary>How many clients are connected at most, those with devices included; 1 or more. Each is one descriptor of the process.</summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>How many of them one user has at most; 1 or more.</summary>
    public int MaxConnectionsPerUser { get; init; } = 64;

    /// <summary>How long a client has, from connecting, to ask. More than zero.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Told each event, on the thread of <see cref="DeviceBroker.Run"/>, which waits for it; an exception ends that.</summary>
    public Action<BrokerEvent>? Record { get; init; }

    /// <summary>Who knows users by name.</summary>
    internal UserNames Names { get; init; } = new(Users.Name);

    /// <summary>Who makes the system calls.</summary>
    internal SystemCalls Calls { get; init; } = new();

    /// <summary>What time it is: a test advances one of its own.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;
}
