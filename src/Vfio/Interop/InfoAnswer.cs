using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Asks for a structure that a chain of capabilities may follow: the kernel says how much it has to say (argsz), and is
/// asked again.
/// </summary>
internal static class InfoAnswer
{
    // A region with thousands of sparse areas stays below this.
    private const int MaxInfoBytes = 1 << 20;

    // Capabilities are at least a header apart; no kernel has more than a handful.
    private const int MostCapabilities = 64;

    /// <param name="calls">Who makes the call.</param>
    /// <param name="call">Its name.</param>
    /// <param name="file">Who is asked.</param>
    /// <param name="request">The ioctl.</param>
    /// <param name="question">The fixed structure, its first field argsz.</param>
    /// <param name="subject">What messages call it.</param>
    /// <returns>The structure with what follows it, at least the fixed part.</returns>
    public static byte[] Get<T>(
        SystemCalls calls, string call, SafeFileHandle file, nuint request, T question, string subject)
        where T : unmanaged
    {
        byte[] buffer = new byte[Unsafe.SizeOf<T>()];
        while (true)
        {
            MemoryMarshal.Write(buffer, in question);
            MemoryMarshal.Write(buffer, buffer.Length); // argsz
            int errno = calls.Ioctl(call, file, request, buffer, out _);
            if (errno != 0)
            {
                throw new VfioException(call, subject, errno);
            }

            uint wanted = MemoryMarshal.Read<uint>(buffer);
            if (wanted <= buffer.Length)
            {
                return buffer;
            }

            if (wanted > MaxInfoBytes)
            {
                throw new VfioException(
                    call, subject, $"the kernel asks for {wanted} bytes, more than the answer can have");
            }

            buffer = new byte[wanted];
        }
    }

    /// <summary>
    /// Follows the chain of capabilities behind a structure (vfio_info_cap_header). Offsets and their number come from
    /// the kernel, and are bounded.
    /// </summary>
    /// <param name="answer">The whole answer.</param>
    /// <param name="first">Where the chain begins; 0 for none.</param>
    /// <param name="isWhole">Whether the chain came to its end.</param>
    /// <returns>What each is, and where.</returns>
    public static List<(ushort Id, uint Offset)> FindCapabilities(
        ReadOnlySpan<byte> answer, uint first, out bool isWhole)
    {
        List<(ushort, uint)> found = [];
        uint offset = first;
        while (offset != 0
            && found.Count < MostCapabilities
            && TryRead(answer, offset, out VfioUapi.vfio_info_cap_header header))
        {
            found.Add((header.id, offset));
            offset = header.next;
        }

        isWhole = offset == 0;
        return found;
    }

    /// <summary>
    /// Reads a structure out of an answer; offsets come from the kernel and are believed within it only.
    /// </summary>
    public static bool TryRead<T>(ReadOnlySpan<byte> answer, ulong offset, out T value)
        where T : unmanaged
    {
        value = default;
        return offset <= (ulong)answer.Length && MemoryMarshal.TryRead(answer[(int)offset..], out value);
    }
}
