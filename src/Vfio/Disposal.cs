namespace Vfio;

/// <summary>Steps of a disposal, each made whatever became of the one before.</summary>
internal static class Disposal
{
    /// <summary>Makes all steps; of several exceptions the last comes out.</summary>
    public static void InTurn(ReadOnlySpan<Action> steps)
    {
        if (steps.IsEmpty)
        {
            return;
        }

        try
        {
            steps[0]();
        }
        finally
        {
            InTurn(steps[1..]);
        }
    }
}
