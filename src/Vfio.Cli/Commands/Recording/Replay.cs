namespace Vfio.Cli;

/// <summary>Represents a read that returned another value than the one recorded.</summary>
internal sealed record ReplayDifference(RecordedAccess Recorded, ulong Found);

/// <summary>Represents the result of a replay.</summary>
/// <param name="Accesses">The number of accesses that were made.</param>
/// <param name="Reads">The number of reads that returned the recorded value.</param>
/// <param name="Difference">The difference that ended the replay; <see langword="null"/> if there was none.</param>
internal sealed record ReplayResult(int Accesses, int Reads, ReplayDifference? Difference);

/// <summary>Repeats the accesses of a recording, up to the first read that differs.</summary>
internal static class Replay
{
    public static ReplayResult Perform(
        RegisterSession session, RecordingReader recording, CancellationToken cancellationToken)
    {
        int accesses = 0;
        int reads = 0;
        foreach (RecordedAccess recorded in recording.Accesses)
        {
            cancellationToken.ThrowIfCancellationRequested();
            accesses++;
            if (Repeat(session, recorded, ref reads, cancellationToken) is ReplayDifference difference)
            {
                return new ReplayResult(accesses, reads, difference);
            }
        }

        return new ReplayResult(accesses, reads, null);
    }

    private static ReplayDifference? Repeat(
        RegisterSession session, RecordedAccess recorded, ref int reads, CancellationToken cancellationToken)
    {
        Access access = recorded.Access;
        switch (access.Kind)
        {
            case AccessKind.Write:
                session.Write(access.Place, access.Value);
                return null;
            case AccessKind.Reset:
                session.Reset();
                return null;
            case AccessKind.Wait:
                // A wait that failed in the recording need not succeed now: it was the last line of the session.
                bool wasMet = access.Condition.IsMet(access.Value);
                (ulong last, bool isMet) = session.Wait(access.Place, access.Condition, cancellationToken);
                return isMet || !wasMet ? null : new ReplayDifference(recorded, last);
            default:
                ulong found = session.Read(access.Place);
                reads += found == access.Value ? 1 : 0;
                return found == access.Value ? null : new ReplayDifference(recorded, found);
        }
    }
}
