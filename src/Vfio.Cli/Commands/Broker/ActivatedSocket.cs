using System.Globalization;
using System.Net.Sockets;

namespace Vfio.Cli;

/// <summary>
/// Finds the socket that systemd created and passed to this process, as sd_listen_fds(3) describes it: LISTEN_PID,
/// LISTEN_FDS, LISTEN_FDNAMES.
/// </summary>
internal static class ActivatedSocket
{
    /// <summary>The name that the socket must have if systemd passes several (<c>FileDescriptorName=</c>).</summary>
    public const string DescriptorName = "broker";

    private const int FirstDescriptor = 3; // SD_LISTEN_FDS_START
    private const int MostDescriptors = 64;

    /// <summary>Returns the socket that systemd passed.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    /// <param name="processId">The ID of this process.</param>
    /// <returns>The socket, which the caller owns; <see langword="null"/> if systemd passed none to this
    /// process.</returns>
    /// <exception cref="CliException">systemd did not pass exactly one socket of the required kind.</exception>
    public static Socket? Take(Func<string, string?> variable, int processId)
    {
        if (Find(variable, processId) is not int descriptor)
        {
            return null;
        }

        try
        {
            Socket socket = new(new SafeSocketHandle(descriptor, ownsHandle: true));
            return socket is { AddressFamily: AddressFamily.Unix, SocketType: SocketType.Seqpacket }
                ? socket
                : throw Wrong("it is of another kind");
        }
        catch (SocketException e)
        {
            throw Wrong(e.Message);
        }
    }

    /// <summary>Finds the descriptor of the socket.</summary>
    /// <returns>The number; <see langword="null"/> if systemd passed none to this process.</returns>
    public static int? Find(Func<string, string?> variable, int processId)
    {
        if (Number(variable("LISTEN_PID")) != processId || Number(variable("LISTEN_FDS")) is not (> 0 and int count))
        {
            return null;
        }

        if (count == 1)
        {
            return FirstDescriptor;
        }

        string[] names = variable("LISTEN_FDNAMES")?.Split(':') ?? [];
        int index = Array.IndexOf(names, DescriptorName);
        return count <= MostDescriptors
            && index >= 0
            && index < count
            && Array.LastIndexOf(names, DescriptorName) == index
            ? FirstDescriptor + index
            : throw Wrong($"there are {count}, and exactly one of them must be named {DescriptorName}");
    }

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static CliException Wrong(string reason) => new(
        $"broker: the socket that systemd passed cannot be used: {reason}",
        "vfio broker --print-units shows the unit: ListenSequentialPacket= and FileDescriptorName=broker");
}
