using System.Runtime.ExceptionServices;

namespace Vfio;

/// <summary>Runs every step of a cleanup or a recovery, even if an earlier one throws.</summary>
internal static class Disposal
{
    /// <summary>Runs all steps, then throws the first exception, because the others may follow from it.</summary>
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
    /// Runs all steps of an <see cref="IDisposable.Dispose"/>, which never throws: a caller cannot handle that the
    /// kernel refused, or that something has ended already. Callers that need to know use the method that reports it
    /// (<c>Unmap</c>, <c>Return</c>, <c>Restore</c>, <c>Release</c>).
    /// </summary>
    public static void Quietly(params ReadOnlySpan<Action> steps)
    {
        foreach (Action step in steps)
        {
            Quietly(step, static step => step());
        }
    }

    /// <summary>Runs one step in the same way. A static <paramref name="step"/> allocates nothing.</summary>
    public static void Quietly<T>(T subject, Action<T> step)
    {
        try
        {
            step(subject);
        }
        catch (Exception e) when (e is VfioException or InvalidOperationException or NotSupportedException
            or IOException or UnauthorizedAccessException)
        {
            // ObjectDisposedException is an InvalidOperationException.
        }
    }
}
