using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using System.Text;

namespace Vfio;

/// <summary>
/// Converts names of files and interfaces, which are bytes to the kernel, to strings and back. A byte that is not valid
/// UTF-8 becomes a lone surrogate, U+DC80 to U+DCFF, which valid UTF-8 never decodes to, so every name survives the
/// round trip.
/// </summary>
internal static class FileName
{
    private const char FirstLone = '\udc00';

    /// <summary>Converts a name to a string.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new(bytes.Length);
        Span<char> pair = stackalloc char[2];
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int count) == System.Buffers.OperationStatus.Done)
            {
                text.Append(pair[..rune.EncodeToUtf16(pair)]);
            }
            else
            {
                foreach (byte strange in bytes[..count])
                {
                    text.Append((char)(FirstLone + strange));
                }
            }

            bytes = bytes[count..];
        }

        return text.ToString();
    }

    /// <summary>Converts a string to the bytes of a name.</summary>
    public static byte[] Encode(string text)
    {
        if (IsText(text))
        {
            return Encoding.UTF8.GetBytes(text);
        }

        List<byte> bytes = [];
        Span<byte> encoded = stackalloc byte[4];
        for (int i = 0; i < text.Length; i++)
        {
            if (IsStrange(text[i]) && (i == 0 || !char.IsHighSurrogate(text[i - 1])))
            {
                bytes.Add((byte)(text[i] - FirstLone));
            }
            else if (Rune.DecodeFromUtf16(text.AsSpan(i), out Rune rune, out int count)
                == System.Buffers.OperationStatus.Done)
            {
                bytes.AddRange(encoded[..rune.EncodeToUtf8(encoded)]);
                i += count - 1;
            }
            else
            {
                bytes.Add((byte)'?'); // a lone half of a surrogate pair, which no name contains
            }
        }

        return [.. bytes];
    }

    /// <summary>Gets whether a name is text, that is, valid UTF-8.</summary>
    public static bool IsText(string name) =>
        !name.AsSpan().ContainsAnyInRange((char)(FirstLone + 0x80), (char)(FirstLone + 0xff)) || !HasStrange(name);

    private static bool HasStrange(string name)
    {
        for (int i = 0; i < name.Length; i++)
        {
            if (IsStrange(name[i]) && (i == 0 || !char.IsHighSurrogate(name[i - 1])))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsStrange(char c) => c is >= (char)(FirstLone + 0x80) and <= (char)(FirstLone + 0xff);
}

/// <summary>Passes paths to the C library, as the bytes of <see cref="FileName"/>.</summary>
[CustomMarshaller(typeof(string), MarshalMode.ManagedToUnmanagedIn, typeof(ToNative))]
internal static unsafe class PathMarshaller
{
    public ref struct ToNative
    {
        private byte* _allocated;
        private Span<byte> _buffer;

        public static int BufferSize => 256;

        public void FromManaged(string path, Span<byte> buffer)
        {
            if (FileName.IsText(path) && Encoding.UTF8.GetMaxByteCount(path.Length) < buffer.Length)
            {
                buffer[Encoding.UTF8.GetBytes(path, buffer)] = 0;
                _buffer = buffer;
                return;
            }

            byte[] bytes = FileName.Encode(path);
            _allocated = (byte*)NativeMemory.Alloc((nuint)bytes.Length + 1);
            bytes.CopyTo(new Span<byte>(_allocated, bytes.Length));
            _allocated[bytes.Length] = 0;
        }

        // The marshaller's buffer is on the stack, so it does not move.
        public readonly byte* ToUnmanaged() => _allocated != null
            ? _allocated
            : (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(_buffer));

        public readonly void Free() => NativeMemory.Free(_allocated);
    }
}
