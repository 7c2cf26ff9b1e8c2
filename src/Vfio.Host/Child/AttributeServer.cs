using System.Globalization;

namespace Vfio.Host;

/// <summary>
/// The child's side of an <see cref="AttributeChild"/>: requests of three lines, a verb, a path and a value.
/// </summary>
internal static class AttributeServer
{
    public const string Ready = "ready";
    public const string ReadVerb = "read";
    public const string WriteVerb = "write";

    /// <summary>The answer if the errno is unknown.</summary>
    public const string Unknown = "?";

    /// <summary>Starts a line of text that precedes the answer.</summary>
    public const char TextMark = '=';

    private const int SIGCONT = 18;

    /// <summary>
    /// Makes sure that this process notices the end of its parent process, even if it has been stopped: only a running
    /// process sees the end of its input.
    /// </summary>
    public static void ContinueAtParentsEnd() => _ = HostLibc.PrCtl(HostLibc.PR_SET_PDEATHSIG, SIGCONT);

    /// <summary>Answers each request with an errno, until the input ends.</summary>
    public static void Serve(TextReader input, TextWriter output)
    {
        output.WriteLine(Ready);
        while (input.ReadLine() is string verb && input.ReadLine() is string path && input.ReadLine() is string value)
        {
            if (verb != ReadVerb)
            {
                int errno = verb == WriteVerb ? SysfsFile.Write(path, value.Length == 0 ? "\n" : value) : Errno.EINVAL;
                output.WriteLine(errno.ToString(CultureInfo.InvariantCulture));
            }
            else if (SysfsFile.Read(path) is string text)
            {
                output.WriteLine($"{TextMark}{text.Split('\n')[0]}");
                output.WriteLine("0");
            }
            else
            {
                output.WriteLine(Unknown);
            }
        }
    }
}
