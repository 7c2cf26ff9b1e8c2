namespace Vfio.Host;

/// <summary>A user of the running host, from its name service.</summary>
/// <param name="Id">The user's number.</param>
/// <param name="Name">The user's name.</param>
/// <param name="Home">The user's home directory.</param>
public sealed record HostUser(uint Id, string Name, string Home)
{
    /// <summary>The number of the user as whom this process acts (the effective user id).</summary>
    public static uint CurrentId => Libc.GetEUid();

    /// <summary>Finds a user.</summary>
    /// <param name="id">The number.</param>
    /// <returns>The user; <see langword="null"/> where the host knows none of that number.</returns>
    public static HostUser? Find(uint id) => UserDatabase.Find(id) is UserEntry entry ? new HostUser(entry.Uid, entry.Name, entry.Home) : null;
}
