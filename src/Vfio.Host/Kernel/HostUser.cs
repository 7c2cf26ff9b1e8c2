namespace Vfio.Host;

/// <summary>A user of the running host, from its name service.</summary>
internal sealed record HostUser
{
    /// <summary>The user ID.</summary>
    public required uint Id { get; init; }

    /// <summary>The user's name.</summary>
    public required string Name { get; init; }

    /// <summary>The user's home directory.</summary>
    public required string Home { get; init; }

    /// <summary>Gets the effective user ID of this process.</summary>
    public static uint CurrentId => Libc.GetEUid();

    /// <summary>Finds a user.</summary>
    /// <param name="id">The user ID.</param>
    /// <returns>The user; <see langword="null"/> if the host has no user with this ID.</returns>
    public static HostUser? Find(uint id) => UserDatabase.Find(id) is UserEntry entry
        ? new HostUser { Id = entry.Uid, Name = entry.Name, Home = entry.Home }
        : null;
}
