namespace Vfio.Host;

/// <summary>The limits of a <see cref="DeviceBroker"/>, and its record. The defaults suit most hosts.</summary>
public sealed record BrokerOptions
{
    /// <summary>Gets where the host's <c>/sys</c> and <c>/dev</c> are. By default, the running host.</summary>
    internal HostRoot Host { get; init; } = HostRoot.Default;

    /// <summary>
    /// The greatest number of connected clients, including those that hold devices; at least 1. Each takes one file
    /// descriptor of the process.
    /// </summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>The greatest number of connected clients of one user; at least 1.</summary>
    public int MaxConnectionsPerUser { get; init; } = 64;

    /// <summary>Gets how long after connecting a client may take to make its request; more than zero.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Called for each event on the thread of <see cref="DeviceBroker.Run"/>, which waits for it. An exception ends
    /// <see cref="DeviceBroker.Run"/>.
    /// </summary>
    public Action<BrokerEvent>? Record { get; init; }

    /// <summary>Looks up the names of users.</summary>
    internal UserNames Names { get; init; } = new(Users.Name);

    /// <summary>Makes the system calls.</summary>
    internal SystemCalls Calls { get; init; } = new();

    /// <summary>The clock. A test advances its own.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;
}
