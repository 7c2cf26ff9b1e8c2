using System.Runtime.InteropServices;

namespace Vfio.Host;

/// <summary>
/// Records events. Opens and closes are always recorded. Refusals and protocol errors, which a user without access can
/// cause at will, are limited per user, because each line takes disk space. The next recorded line has the number of
/// those left out.
/// </summary>
internal sealed class BrokerRecord(Action<BrokerEvent>? told, UserNames names)
{
    /// <summary>How many lines a user may cause at once.</summary>
    public const int Burst = 32;

    /// <summary>After how many milliseconds a user may cause one more.</summary>
    public const int MillisecondsPerLine = 100;

    // Counts users, not connections. If there are more users than this, those with a full allowance are forgotten.
    private const int MostUsers = 1024;

    private readonly Dictionary<uint, Allowance> _users = [];

    public void Tell(
        BrokerConnection client,
        BrokerEventKind kind,
        BrokerRefusal? refusal = null,
        BrokerRequest? request = null,
        long now = 0)
    {
        if (told is null)
        {
            return;
        }

        int untold = 0;
        if (kind is BrokerEventKind.Refused or BrokerEventKind.Dropped && !MayTell(client.Peer.Uid, now, out untold))
        {
            return;
        }

        BrokerHold? hold = client.Hold;
        told(new BrokerEvent
        {
            Kind = kind,
            UserId = client.Peer.Uid,
            UserName = names.Of(client.Peer.Uid),
            ProcessId = client.Peer.Pid,
            Device = hold?.Device ?? request?.Address,
            Backend = hold?.Backend ?? request?.Backend,
            PolicyLine = kind == BrokerEventKind.Opened && hold is not null ? hold.Line : 0,
            Code = refusal?.Code,
            Reason = refusal?.Reason,
            Duration = kind is BrokerEventKind.Closed or BrokerEventKind.Orphaned
                ? TimeSpan.FromMilliseconds(now - client.Since)
                : null,
            Suppressed = untold,
        });
    }

    private bool MayTell(uint user, long now, out int untold)
    {
        if (_users.Count >= MostUsers && !_users.ContainsKey(user))
        {
            foreach (uint quiet in _users.Where(known => Refilled(known.Value, now) >= Burst)
                .Select(known => known.Key)
                .ToArray())
            {
                _users.Remove(quiet);
            }
        }

        // The table is full of active users. Leave out the events of a new user instead of letting the table grow.
        untold = 0;
        if (_users.Count >= MostUsers && !_users.ContainsKey(user))
        {
            return false;
        }

        ref Allowance allowance = ref CollectionsMarshal.GetValueRefOrAddDefault(_users, user, out bool isKnown);
        allowance = isKnown
            ? allowance with { Lines = Refilled(allowance, now), Since = now }
            : new Allowance(Burst, now, 0);
        if (allowance.Lines < 1)
        {
            allowance = allowance with { Untold = allowance.Untold + 1 };
            return false;
        }

        untold = allowance.Untold;
        allowance = allowance with { Lines = allowance.Lines - 1, Untold = 0 };
        return true;
    }

    private static double Refilled(Allowance allowance, long now) =>
        Math.Min(Burst, allowance.Lines + ((double)(now - allowance.Since) / MillisecondsPerLine));

    private readonly record struct Allowance(double Lines, long Since, int Untold);
}
