namespace Vfio.Cli.Tests;

public sealed class JsonTests
{
    [Fact]
    public void Whole_numbers_have_all_their_digits()
    {
        using StringWriter text = new();
        using (Json json = new(text))
        {
            json.Writer.WriteStartObject();
            json.Writer.WriteNumberOrNull("unsigned", (ulong?)ulong.MaxValue);
            json.Writer.WriteNumberOrNull("limit", (ulong?)(1ul << 60));
            json.Writer.WriteNumberOrNull("signed", (long?)long.MinValue);
            json.Writer.WriteNumberOrNull("small", (uint?)uint.MaxValue);
            json.Writer.WriteNumberOrNull("fraction", (double?)0.5);
            json.Writer.WriteNumberOrNull("none", (int?)null);
            json.Writer.WriteEndObject();
        }

        Assert.Equal(
            """
            {
              "unsigned": 18446744073709551615,
              "limit": 1152921504606846976,
              "signed": -9223372036854775808,
              "small": 4294967295,
              "fraction": 0.5,
              "none": null
            }

            """,
            text.ToString());
    }
}
