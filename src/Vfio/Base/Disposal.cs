using System.Runtime.ExceptionServices;

namespace Vfio;

/// <summary>Runs every step of a cleanup or a recovery, even if an earlier one throws.</summary>
internal static class Disposal
{
    /// <summary>Runs all steps, then throws the first exception: the others may follow from it.</summary>
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

    /// <summary>
    /// Runs all steps of a <see cref="IDisposable.Dispose"/>, which never throws: what the kernel refuses, and what
    /// ended before, is no exception of the caller's. Whoever has to know calls the method that says so (<c>Unmap</c>,
    /// <c>Return</c>, <c>Restore</c>, <c>Release</c>).
    /// </summary>
    public static void Quietly(params ReadOnlySpan<Action> steps)
    {
        foreach (Action step in steps)
        {
            try
            {
                step();
            }
            catch (Exception e) when (e is VfioException or InvalidOperationException or NotSupportedException
                or IOException or UnauthorizedAccessException)
            {
                // ObjectDisposedException is an InvalidOperationException.
            }
        }
    }
}
