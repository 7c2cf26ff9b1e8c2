namespace Vfio.Conformance.Child;

/// <summary>Checks conditions; if one does not hold, the program ends with the reason.</summary>
internal static class Check
{
    public const int NoMemory = 12; // ENOMEM
    public const int NotPermitted = 13; // EACCES

    public static void That(bool condition, string failure)
    {
        if (!condition)
        {
            throw new InvalidOperationException(failure);
        }
    }

    public static void Equal<T>(T expected, T found, string what) =>
        That(EqualityComparer<T>.Default.Equals(expected, found), $"{what}: {found}, not {expected}");

    public static void Contains(string expected, string? text, string what) =>
        That(
            text is not null && text.Contains(expected, StringComparison.Ordinal),
            $"{what}: '{text}' does not contain '{expected}'");

    /// <summary>Checks the error that the library reports.</summary>
    public static VfioException Refused(Action action, string what)
    {
        try
        {
            action();
        }
        catch (VfioException refusal)
        {
            return refusal;
        }

        throw new InvalidOperationException($"{what} was not refused");
    }
}
