using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Reads a structure that a chain of capabilities can follow: the kernel reports how long its answer is (argsz), and is
/// called again with that length.
/// </summary>
internal static class InfoAnswer
{
    // The answer for a region with thousands of sparse areas is shorter than this.
    private const int MaxInfoBytes = 1 << 20;

    // Capabilities are at least a header apart, and no kernel has more than a handful.
    private const int MostCapabilities = 64;

    /// <param name="calls">Makes the system call.</param>
    /// <param name="call">The name of the call.</param>
    /// <param name="file">The descriptor.</param>
    /// <param name="request">The number of the ioctl.</param>
    /// <param name="question">The fixed structure, whose first field is argsz.</param>
    /// <param name="subject">The name in messages.</param>
    /// <returns>The structure and what follows it; at least the fixed part.</returns>
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
    /// Follows the chain of capabilities after a structure (vfio_info_cap_header). Offsets and their number come from
    /// the kernel, and are bounded.
    /// </summary>
    /// <param name="answer">The whole answer.</param>
    /// <param name="first">The offset of the first one; 0 for none.</param>
    /// <param name="isWhole">Whether the chain ended as it should.</param>
    /// <returns>The ID and the offset of each.</returns>
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

    /// <summary>Reads a structure from an answer. Offsets come from the kernel, and must be within it.</summary>
    public static bool TryRead<T>(ReadOnlySpan<byte> answer, ulong offset, out T value)
        where T : unmanaged
    {
        value = default;
        return offset <= (ulong)answer.Length && MemoryMarshal.TryRead(answer[(int)offset..], out value);
    }
}
