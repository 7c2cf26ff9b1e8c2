namespace Vfio.Host;

/// <summary>A user of the running host, from its name service.</summary>
internal sealed record HostUser
{
    /// <summary>The user's number.</summary>
    public required uint Id { get; init; }

    /// <summary>The user's name.</summary>
    public required string Name { get; init; }

    /// <summary>The user's home directory.</summary>
    public required string Home { get; init; }

    /// <summary>The number of the user as whom this process acts (the effective user id).</summary>
    public static uint CurrentId => Libc.GetEUid();

    /// <summary>Finds a user.</summary>
    /// <param name="id">The number.</param>
    /// <returns>The user; <see langword="null"/> where the host knows none of that number.</returns>
    public static HostUser? Find(uint id) => UserDatabase.Find(id) is UserEntry entry
        ? new HostUser { Id = entry.Uid, Name = entry.Name, Home = entry.Home }
        : null;
}
