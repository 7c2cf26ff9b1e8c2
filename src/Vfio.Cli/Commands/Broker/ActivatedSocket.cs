using System.Globalization;
using System.Net.Sockets;

namespace Vfio.Cli;

/// <summary>The socket that systemd made and hands over, as sd_listen_fds(3) describes it: LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES.</summary>
internal static class ActivatedSocket
{
    /// <summary>What the socket is called where there are several (<c>FileDescriptorName=</c>).</summary>
    public const string DescriptorName = "broker";

    private const int FirstDescriptor = 3; // SD_LISTEN_FDS_START
    private const int MostDescriptors = 64;

    /// <summary>Takes the socket.</summary>
    /// <param name="variable">The environment.</param>
    /// <param name="processId">This process.</param>
    /// <returns>The socket, the caller's; <see langword="null"/> where this process was handed none.</returns>
    /// <exception cref="CliException">What was handed over is not one socket of the kind that is needed.</exception>
    public static Socket? Take(Func<string, string?> variable, int processId)
    {
        if (Find(variable, processId) is not int descriptor)
        {
            return null;
        }

        try
        {
            Socket socket = new(new SafeSocketHandle(descriptor, ownsHandle: true));
            return socket is { AddressFamily: AddressFamily.Unix, SocketType: SocketType.Seqpacket } ? socket : throw Wrong("it is of another kind");
        }
        catch (SocketException e)
        {
            throw Wrong(e.Message);
        }
    }

    /// <summary>Which descriptor it is.</summary>
    /// <returns>The number; <see langword="null"/> where this process was handed none.</returns>
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
        return count <= MostDescriptors && index >= 0 && index < count && Array.LastIndexOf(names, DescriptorName) == index
            ? FirstDescriptor + index
            : throw Wrong($"there are {count}, of which one must be named {DescriptorName}");
    }

    private static int? Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static CliException Wrong(string reason) => new(
        $"broker: the socket of systemd: {reason}", "vfio broker --print-units shows the unit: ListenSequentialPacket= and FileDescriptorName=broker");
}
