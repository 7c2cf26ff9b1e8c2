using System.Reflection;
using System.Text.Json.Serialization.Metadata;

namespace Vfio.Cli.Tests;

public sealed class JsonTests
{
    [Fact]
    public void Whole_numbers_have_all_their_digits()
    {
        using StringWriter text = new();
        Json.WriteLine(
            text,
            new MappingDocument("0x10000", ulong.MaxValue, "read", "a test", 0.5, true),
            CliJson.Default.MappingDocument.SerializeHandler!);
        Json.WriteLine(
            text,
            new MemoryDocument((1ul << 53) + 1, uint.MaxValue, null),
            CliJson.Default.MemoryDocument.SerializeHandler!);
        Assert.Equal(
            """
            {"iova":"0x10000","length":18446744073709551615,"access":"read","owner":"a test","age":0.5,"isLive":true}
            {"lockedBytes":9007199254740993,"pinnedBytes":4294967295,"limit":null}

            """,
            text.ToString());
    }

    [Fact]
    public void Values_that_may_be_missing_are_described_where_the_published_tool_finds_them()
    {
        FieldInfo[] descriptions =
            [.. typeof(CliJson).GetFields(BindingFlags.Instance | BindingFlags.NonPublic).Where(IsOfMissingValue)];
        Assert.NotEmpty(descriptions);
        Assert.All(descriptions, field => Assert.True(
            field.GetValue(CliJson.Writing) is not null, $"Set {field.Name} in {nameof(CliJson.Writing)}"));

        static bool IsOfMissingValue(FieldInfo field) =>
            field.FieldType.IsGenericType && field.FieldType.GetGenericTypeDefinition() == typeof(JsonTypeInfo<>)
            && Nullable.GetUnderlyingType(field.FieldType.GenericTypeArguments[0]) is not null;
    }

    [Fact]
    public void Untrusted_texts_cannot_control_a_terminal_not_even_in_lists()
    {
        using StringWriter text = new();
        Json.WriteLine(text, new PeekLine(0, "peek\u001b[2J", "0x0", 8, ["a\u0007b"]), CliJson.Write);
        Assert.Equal(
            """{"time":0,"operation":"peek?[2J","iova":"0x0","width":8,"values":["a?b"]}""" + "\n", text.ToString());
    }

    [Fact]
    public void A_long_document_is_written_in_pieces_as_its_items_come()
    {
        const int Count = 100_000;
        int written = 0;
        int most = 0;
        using CountingWriter output = new(length => written += length);
        IEnumerable<RegisterDocument> Registers()
        {
            for (int i = 0; i < Count; i++)
            {
                most = Math.Max(most, (i * 60) - written);
                yield return new RegisterDocument((ulong)i, "0x00000000", null, []);
            }
        }

        Json.Write(output, new ReadDocument("0000:00:14.3", "bar0", 32, Registers()), CliJson.Write);
        Assert.InRange(written, Count * 60, int.MaxValue);
        Assert.InRange(most, 0, 1 << 20);
    }

    private sealed class CountingWriter(Action<int> written) : StringWriter
    {
        public override void Write(char[] buffer, int index, int count) => written(count);
    }
}
