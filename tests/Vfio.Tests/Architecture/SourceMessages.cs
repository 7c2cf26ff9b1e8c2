using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Vfio.Tests;

/// <summary>Finds the messages in a C# file: its strings of two words or more, except in attributes.</summary>
internal static partial class SourceMessages
{
    /// <summary>Gets the messages in the order of the file, with <c>{}</c> for what is computed.</summary>
    public static IEnumerable<string> In(string text) =>
        from expression in CSharpSyntaxTree.ParseText(text).GetRoot().DescendantNodes().OfType<ExpressionSyntax>()
        where IsWhole(expression) && expression.FirstAncestorOrSelf<AttributeSyntax>() is null
        let message = Read(expression)
        where TwoWords().IsMatch(message)
        select message;

    // Strings that are joined by + are one message.
    private static bool IsWhole(ExpressionSyntax expression) =>
        (IsString(expression) || IsSum(expression)) && !IsSum(expression.Parent);

    private static bool IsString(SyntaxNode expression) =>
        expression is InterpolatedStringExpressionSyntax
        || expression.IsKind(SyntaxKind.StringLiteralExpression)
        || expression.IsKind(SyntaxKind.Utf8StringLiteralExpression);

    private static bool IsSum(SyntaxNode? node) =>
        node is BinaryExpressionSyntax sum
        && sum.IsKind(SyntaxKind.AddExpression)
        && (IsString(sum.Left) || IsString(sum.Right) || IsSum(sum.Left));

    private static string Read(ExpressionSyntax expression) => expression switch
    {
        BinaryExpressionSyntax sum when IsSum(sum) => Read(sum.Left) + Read(sum.Right),
        LiteralExpressionSyntax literal when IsString(literal) => literal.Token.ValueText,
        InterpolatedStringExpressionSyntax whole => string.Concat(whole.Contents.Select(
            part => part is InterpolatedStringTextSyntax text ? text.TextToken.ValueText : "{}")),
        _ => "{}",
    };

    [GeneratedRegex("[A-Za-z}][,;:.)]* [(']?[A-Za-z{]")]
    private static partial Regex TwoWords();
}
