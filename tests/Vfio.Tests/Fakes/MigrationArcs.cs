namespace Vfio.Tests;

/// <summary>
/// Defines the states of migration and the arcs between them, as linux/vfio.h describes them: the shortest path, which
/// avoids the states in which data is transferred.
/// </summary>
internal static class MigrationArcs
{
    public static bool IsSaving(MigrationState state) =>
        state is MigrationState.PreCopy or MigrationState.PreCopyPeerToPeer or MigrationState.StopCopy;

    /// <summary>Returns the states on the path, including the last; <see langword="null"/> if no path exists.</summary>
    public static IReadOnlyList<MigrationState>? Find(
        MigrationCapabilities capabilities, MigrationState from, MigrationState to)
    {
        if (from == to)
        {
            return from == MigrationState.Error ? null : [];
        }

        // "These arcs are not permitted", and neither are detours.
        if (from == MigrationState.StopCopy && to is (MigrationState.PreCopy or MigrationState.PreCopyPeerToPeer))
        {
            return null;
        }

        Queue<MigrationState[]> open = new([[from]]);
        HashSet<MigrationState> seen = [from];
        while (open.TryDequeue(out MigrationState[]? path))
        {
            foreach (MigrationState next in Next(capabilities, path[^1]))
            {
                if (next == to)
                {
                    return [.. path[1..], next];
                }

                // An inner state in which data is transferred is only part of a path that stays among such states.
                if ((!IsSaving(next) || (IsSaving(to) && path.All(IsSaving))) && seen.Add(next))
                {
                    open.Enqueue([.. path, next]);
                }
            }
        }

        return null;
    }

    private static IEnumerable<MigrationState> Next(MigrationCapabilities capabilities, MigrationState from)
    {
        bool hasPeerToPeer = (capabilities & MigrationCapabilities.PeerToPeer) != 0;
        bool hasPreCopy = (capabilities & MigrationCapabilities.PreCopy) != 0;
        MigrationState half = hasPeerToPeer ? MigrationState.RunningPeerToPeer : MigrationState.Running;
        return from switch
        {
            MigrationState.Running =>
            [
                hasPeerToPeer ? MigrationState.RunningPeerToPeer : MigrationState.Stop,
                .. hasPreCopy ? [MigrationState.PreCopy] : (MigrationState[])[],
            ],
            MigrationState.RunningPeerToPeer =>
            [
                MigrationState.Running,
                MigrationState.Stop,
                .. hasPreCopy ? [MigrationState.PreCopyPeerToPeer] : (MigrationState[])[],
            ],
            MigrationState.Stop => [half, MigrationState.StopCopy, MigrationState.Resuming],
            MigrationState.StopCopy or MigrationState.Resuming => [MigrationState.Stop],
            MigrationState.PreCopy =>
                [MigrationState.Running, hasPeerToPeer ? MigrationState.PreCopyPeerToPeer : MigrationState.StopCopy],
            MigrationState.PreCopyPeerToPeer =>
                [MigrationState.RunningPeerToPeer, MigrationState.PreCopy, MigrationState.StopCopy],
            _ => [],
        };
    }
}
