namespace Vfio.Cli;

/// <summary>
/// Represents what a user typed for a place: a region and an offset, or the name of a register, which only the device's
/// maps can resolve.
/// </summary>
/// <param name="Text">The text as typed.</param>
/// <param name="Place">The place, or <see langword="null"/> if the text is a name.</param>
internal readonly record struct PlaceText(string Text, Place? Place)
{
    private const int MaxNameLength = 80;

    /// <summary>Gets whether the text is the name of a register.</summary>
    public bool IsName => Place is null;

    /// <summary>Parses a place or a name.</summary>
    /// <param name="text">What the user typed.</param>
    /// <param name="place">The parsed text.</param>
    /// <param name="mistake">What is wrong with the text, if the method returns <see langword="false"/>.</param>
    public static bool TryParse(string text, out PlaceText place, out string mistake)
    {
        bool isPlace = Cli.Place.TryParse(text, out Place parsed, out mistake);
        place = new PlaceText(text, isPlace ? parsed : null);
        return isPlace || LooksLikeName(text);
    }

    public override string ToString() => Text;

    private static bool LooksLikeName(string text) =>
        text.Length is > 0 and <= MaxNameLength
        && char.IsAsciiLetter(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '[' or ']');
}
