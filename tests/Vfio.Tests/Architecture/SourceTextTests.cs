namespace Vfio.Tests;

public sealed class SourceTextTests
{
    [Theory]
    [InlineData("a // Libc\nb", "a \nb")]
    [InlineData("a /* Libc\n */ b", "a  b")]
    [InlineData("/// <see cref=\"Libc\"/>\nb", "\nb")]
    [InlineData("f(\"Libc\")", "f(\"\")")]
    [InlineData("f(\"a\\\"Libc\")", "f(\"\")")]
    [InlineData("f(\"// no comment\") Libc", "f(\"\") Libc")]
    [InlineData("f(@\"a\"\"Libc\\\") b", "f(\"\") b")]
    [InlineData("f($\"Libc {x} Libc\")", "f( x \"\")")]
    [InlineData("f($\"{{Libc}} {x.Libc():x4} Libc\")", "f( x.Libc() \"\")")]
    [InlineData("f($\"{(a ? \"Libc\" : b)}\")", "f( (a ? \"\" : b) \"\")")]
    [InlineData("f($\"{g($\"{h} Libc\")}\")", "f( g( h \"\") \"\")")]
    [InlineData("f($@\"Libc\\ {x}\")", "f( x \"\")")]
    [InlineData("f(\"\"\"Libc \"quoted\" Libc\"\"\") b", "f(\"\") b")]
    [InlineData("f($$\"\"\"Libc {Libc} {{x}} Libc\"\"\") b", "f( x \"\") b")]
    [InlineData("c == '\"' || Libc", "c == '' || Libc")]
    [InlineData("c == '\\'' || Libc", "c == '' || Libc")]
    [InlineData("c == '\\u001b' || Libc", "c == '' || Libc")]
    [InlineData("\"x\"u8 Libc", "\"\"u8 Libc")]
    [InlineData("struct W(byte* @base) Libc", "struct W(byte* @base) Libc")]
    public void Comments_and_strings_go_and_code_stays(string text, string code) =>
        Assert.Equal(code, SourceText.CodeOf(text));
}
