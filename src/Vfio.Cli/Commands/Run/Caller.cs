using System.Globalization;
using Vfio.Host;

namespace Vfio.Cli;

/// <summary>The person who called: as whom the command of <c>vfio run</c> runs, and for whom devices are taken.</summary>
/// <param name="Id">The user's number.</param>
/// <param name="User">Who it is, where this process is root on behalf of somebody else; <see langword="null"/> where it acts as itself.</param>
internal sealed record Caller(uint Id, HostUser? User)
{
    // What sudo and pkexec themselves set, whatever was in the environment before.
    private static readonly string[] Variables = ["SUDO_UID", "PKEXEC_UID"];

    /// <summary>The caller as the user database names it; the number where it has none.</summary>
    public string Name => User?.Name ?? HostUser.Find(Id)?.Name ?? Id.ToString(CultureInfo.InvariantCulture);

    /// <summary>Who calls this process: itself, or, where it is root by sudo or pkexec, who called these.</summary>
    /// <exception cref="CliException">These name somebody whom the host does not know: then nothing may run as root in that user's place.</exception>
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

        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && HostUser.Find(id) is { Id: not 0 } user
            ? new Caller(id, user)
            : throw new CliException(
                $"run: {variable} is '{Symbols.Quote(text)}', which is no user of this host", $"getent passwd lists the users; without {variable} root itself is meant");
    }
}
