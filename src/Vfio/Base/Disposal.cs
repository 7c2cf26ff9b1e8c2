using System.Runtime.ExceptionServices;

namespace Vfio;

/// <summary>Steps of a disposal or a recovery, each made whatever became of the one before.</summary>
internal static class Disposal
{
    /// <summary>Makes all steps; of several exceptions the first comes out, since the others may follow from it.</summary>
    public static void InTurn(ReadOnlySpan<Action> steps)
    {
        ExceptionDispatchInfo? first = null;
        foreach (Action step in steps)
        {
            try
            {
                step();
            }
            catch (Exception e)
            {
                first ??= ExceptionDispatchInfo.Capture(e);
            }
        }

        first?.Throw();
    }
}
