using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Host;

/// <summary>
/// The rules by which a <see cref="DeviceBroker"/> grants devices: a text file with one rule per line. The first rule
/// that matches a request decides; a request that no rule matches is refused. docs/broker.md describes the format.
/// </summary>
/// <remarks>
/// Immutable: after a change of the file, load it again and set <see cref="DeviceBroker.Policy"/>. Names of users and
/// groups are looked up when the file is loaded.
/// </remarks>
public sealed class BrokerPolicy
{
    /// <summary>The greatest size of the file, in bytes.</summary>
    internal const int MostBytes = 64 * 1024;

    private const uint WritableByOthers = 0x12; // 022

    private readonly PolicyRule[] _rules;

    internal BrokerPolicy(PolicyRule[] rules) => _rules = rules;

    /// <summary>Gets the number of rules.</summary>
    public int RuleCount => _rules.Length;

    /// <summary>
    /// Loads a policy. The file must be a regular file that belongs to root or to the user of this process, and that no
    /// other user may write, because its author decides who gets devices.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <returns>The policy.</returns>
    /// <exception cref="VfioException">
    /// The file cannot be read, other users may write it, or a line is invalid; the exception's subject is then
    /// <c>file:line</c>.
    /// </exception>
    public static BrokerPolicy Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        // Do not block if the path is a pipe.
        int errno = new SystemCalls().Open(path, Libc.O_RDONLY | Libc.O_NONBLOCK, out SafeFileHandle file);
        using (file)
        {
            if (errno != 0)
            {
                throw new VfioException("open", path, errno, "write a policy file; docs/broker.md has an example");
            }

            FileStatus status = FileStatus.OfRegularFile(file)
                ?? throw new VfioException("read", path, "it is not a regular file");
            if ((status.UserId != 0 && status.UserId != Users.EffectiveId) || (status.Mode & WritableByOthers) != 0)
            {
                throw new VfioException(
                    "read",
                    path,
                    $"it belongs to {Users.Name(status.UserId)} with mode {Convert.ToString(status.Mode, 8)}, so other "
                    + $"users than root and the broker's may write it",
                    $"as root: chown root {path} && chmod go-w {path}");
            }

            byte[] bytes = new byte[MostBytes + 1];
            int length = ReadAll(file, bytes, path);
            return length <= MostBytes
                ? Parse(Encoding.UTF8.GetString(bytes, 0, length), path)
                : throw new VfioException("read", path, $"it is larger than {MostBytes} bytes");
        }
    }

    /// <summary>Reads a policy from its text.</summary>
    /// <param name="text">The lines.</param>
    /// <param name="name">The name that messages use for the text.</param>
    /// <returns>The policy.</returns>
    /// <exception cref="VfioException">A line is invalid; the exception's subject is <c>name:line</c>.</exception>
    public static BrokerPolicy Parse(string text, string name)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new BrokerPolicy(PolicyParser.Parse(text, name));
    }

    /// <summary>
    /// Finds the rule that decides a request; <see langword="null"/> if none matches, which refuses it.
    /// </summary>
    internal PolicyRule? Find(BrokerPeer peer, PciDeviceInfo device, BrokerBackend backend) =>
        Array.Find(_rules, rule => rule.IsAbout(peer, device, backend));

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
