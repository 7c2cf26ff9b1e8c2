using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>Asks for a structure that a chain of capabilities may follow: the kernel says how much it has to say (argsz), and is asked again.</summary>
internal static class InfoAnswer
{
    // A region with thousands of sparse areas stays below this.
    private const int MaxInfoBytes = 1 << 20;

    /// <param name="calls">Who makes the call.</param>
    /// <param name="call">Its name.</param>
    /// <param name="file">Who is asked.</param>
    /// <param name="request">The ioctl.</param>
    /// <param name="question">The fixed structure, its first field argsz.</param>
    /// <param name="subject">What messages call it.</param>
    /// <returns>The structure with what follows it, at least the fixed part.</returns>
    public static byte[] Get<T>(SystemCalls calls, string call, SafeFileHandle file, nuint request, T question, string subject)
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
                throw new VfioException(call, subject, $"the kernel asks for {wanted} bytes, more than there can be to say");
            }

            buffer = new byte[wanted];
        }
    }

    /// <summary>Reads a structure out of an answer; offsets come from the kernel and are believed within it only.</summary>
    public static bool TryRead<T>(ReadOnlySpan<byte> answer, ulong offset, out T value)
        where T : unmanaged
    {
        value = default;
        return offset <= (ulong)answer.Length && MemoryMarshal.TryRead(answer[(int)offset..], out value);
    }
}
