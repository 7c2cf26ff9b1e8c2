using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>
/// Who may have which device from a <see cref="DeviceBroker"/>: rules in a text file, one a line, of which the first that is about a request decides. What no rule is about is
/// refused. docs/broker.md has the words.
/// </summary>
/// <remarks>A value: a changed file is loaded anew and given to the broker (<see cref="DeviceBroker.Policy"/>). Names of users and groups are looked up when it is loaded.</remarks>
public sealed class BrokerPolicy
{
    /// <summary>The longest file, in bytes.</summary>
    internal const int MostBytes = 64 * 1024;

    private const uint WritableByOthers = 0x12; // 022

    private readonly PolicyRule[] _rules;

    internal BrokerPolicy(PolicyRule[] rules) => _rules = rules;

    /// <summary>How many rules there are.</summary>
    public int RuleCount => _rules.Length;

    /// <summary>
    /// Loads a policy. The file must be a regular one that belongs to root or to this process's user and that nobody else may write: whoever writes it decides who gets devices.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <returns>The policy.</returns>
    /// <exception cref="VfioException">The file cannot be read, others may write it, or a line is wrong: the exception's subject is then <c>file:line</c>.</exception>
    public static BrokerPolicy Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        // Without waiting, should it be a pipe.
        int errno = new SystemCalls().Open(path, Libc.O_RDONLY | Libc.O_NONBLOCK, out SafeFileHandle file);
        using (file)
        {
            if (errno != 0)
            {
                throw new VfioException("open", path, errno, "docs/broker.md shows a policy; without one nobody gets anything");
            }

            FileStatus status = FileStatus.OfRegularFile(file) ?? throw new VfioException("read", path, "it is no regular file");
            if ((status.UserId != 0 && status.UserId != Users.EffectiveId) || (status.Mode & WritableByOthers) != 0)
            {
                throw new VfioException(
                    "read", path, $"it belongs to {Users.Name(status.UserId)} and its mode is {Convert.ToString(status.Mode, 8)}: others than root and the broker's user may write it",
                    $"chown root {path}; chmod go-w {path}");
            }

            byte[] bytes = new byte[MostBytes + 1];
            int length = ReadAll(file, bytes, path);
            return length <= MostBytes ? Parse(Encoding.UTF8.GetString(bytes, 0, length), path) : throw new VfioException("read", path, $"it has more than {MostBytes} bytes");
        }
    }

    /// <summary>Reads a policy from its text.</summary>
    /// <param name="text">The lines.</param>
    /// <param name="name">What messages call it.</param>
    /// <returns>The policy.</returns>
    /// <exception cref="VfioException">A line is wrong: the exception's subject is <c>name:line</c>.</exception>
    public static BrokerPolicy Parse(string text, string name)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new BrokerPolicy(PolicyParser.Parse(text, name));
    }

    /// <summary>The rule that decides; <see langword="null"/> where none is about the request, which refuses it.</summary>
    internal PolicyRule? Find(BrokerPeer peer, PciDeviceInfo device, BrokerBackend backend) => Array.Find(_rules, rule => rule.IsAbout(peer, device, backend));

    private static int ReadAll(SafeFileHandle file, byte[] bytes, string path)
    {
        int length = 0;
        try
        {
            while (length < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(length), length) is int count and > 0)
            {
                length += count;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VfioException("read", path, e.Message);
        }

        return length;
    }
}
