using System.Globalization;

namespace Vfio;

/// <summary>Looks up the users of the host in its name service (passwd, LDAP, systemd).</summary>
internal static class Users
{
    /// <summary>Gets whether this process runs as root.</summary>
    public static bool IsRoot => Libc.GetEUid() == 0;

    public static uint EffectiveId => Libc.GetEUid();

    /// <summary>Gets a user by name or number.</summary>
    /// <exception cref="VfioException">There is no such user.</exception>
    public static (uint Uid, uint Gid, string Name) Get(string nameOrNumber)
    {
        UserEntry? entry = UserDatabase.Find(nameOrNumber);
        if (entry is null && uint.TryParse(nameOrNumber, NumberStyles.None, CultureInfo.InvariantCulture, out uint uid))
        {
            entry = UserDatabase.Find(uid);
        }

        return entry is UserEntry user
            ? (user.Uid, user.Gid, user.Name)
            : throw new VfioException(
                "look up", $"user '{nameOrNumber}'", "this host has no such user", "getent passwd lists the users");
    }

    /// <summary>Finds the number of a user by name, or by a number if the user has no name.</summary>
    /// <returns>The number; <see langword="null"/> if the user no longer exists.</returns>
    public static uint? Find(string nameOrNumber) =>
        UserDatabase.Find(nameOrNumber)?.Uid
        ?? (uint.TryParse(nameOrNumber, NumberStyles.None, CultureInfo.InvariantCulture, out uint uid) ? uid : null);

    /// <summary>Gets a user's name; the number if it has none.</summary>
    public static string Name(uint uid)
    {
        try
        {
            return UserDatabase.Find(uid)?.Name ?? uid.ToString(CultureInfo.InvariantCulture);
        }
        catch (VfioException)
        {
            return uid.ToString(CultureInfo.InvariantCulture); // only for messages
        }
    }
}
