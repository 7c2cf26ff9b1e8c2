namespace Vfio.Cli;

/// <summary>A read that did not answer as it did when it was recorded.</summary>
internal sealed record ReplayDifference(RecordedAccess Recorded, ulong Found);

/// <summary>How a replay went.</summary>
/// <param name="Accesses">How many accesses were made.</param>
/// <param name="Reads">How many reads answered as recorded.</param>
/// <param name="Difference">What ended it early.</param>
internal sealed record ReplayResult(int Accesses, int Reads, ReplayDifference? Difference);

/// <summary>Performs the accesses of a recording, up to the first read that differs.</summary>
internal static class Replay
{
    public static ReplayResult Perform(RegisterSession session, RecordingReader recording, CancellationToken cancellationToken)
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

    private static ReplayDifference? Repeat(RegisterSession session, RecordedAccess recorded, ref int reads, CancellationToken cancellationToken)
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
                // One that failed then is not expected to be met now: it was the session's last line.
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
