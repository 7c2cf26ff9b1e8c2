using System.Globalization;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>
/// Represents the calling user: <c>vfio run</c> binds devices for this user and runs its command as this user.
/// </summary>
/// <param name="Id">The user ID.</param>
/// <param name="User">The user, if this process is root on behalf of another user; <see langword="null"/> if it acts
/// for itself.</param>
internal sealed record Caller(uint Id, HostUser? User)
{
    // sudo and pkexec always set these themselves, whatever the caller's environment contained.
    private static readonly string[] Variables = ["SUDO_UID", "PKEXEC_UID"];

    /// <summary>Gets the name from the user database, or the user ID if the database does not contain it.</summary>
    public string Name => User?.Name ?? HostUser.Find(Id)?.Name ?? Id.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// Determines the caller: the user of this process or, if it is root through sudo or pkexec, the user who called
    /// those.
    /// </summary>
    /// <exception cref="CliException">The variable names a user that the host does not know. The command must not run
    /// as root instead of that user.</exception>
    public static Caller Of(CliHost host)
    {
        if (!host.IsRoot)
        {
            return new Caller(HostUser.CurrentId, null);
        }

        string? variable = Array.Find(Variables, name => host.FindVariable(name) is not null);
        string? text = variable is null ? null : host.FindVariable(variable);
        if (text is null or "0")
        {
            return new Caller(0, null);
        }

        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint id)
            && HostUser.Find(id) is { Id: not 0 } user
            ? new Caller(id, user)
            : throw new CliException(
                $"run: {variable} is '{Symbols.Quote(text)}', which is not a user of this host",
                $"getent passwd lists the users; unset {variable} to act as root itself");
    }
}
