using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio.Machine.Tests;

/// <summary>
/// Represents a FUSE file system that only has its root folder, and whose server stops answering: a program that
/// requests more than the kernel has cached then waits forever. Source: <c>include/uapi/linux/fuse.h</c>.
/// </summary>
internal sealed class StoppedFileSystem : IDisposable
{
    private const int HeaderBytes = 40;
    private const uint Forget = 2, GetAttr = 3, Init = 26, OpenDir = 27;
    private const int ENOSYS = 38;

    private readonly SafeFileHandle _server;
    private readonly FileStream _requests;
    private readonly string _place;
    private readonly Thread _thread;
    private volatile bool _isStopped;

    /// <param name="place">The folder to mount it on.</param>
    public StoppedFileSystem(string place)
    {
        _place = place;
        Machine.Do("modprobe fuse");
        _server = File.OpenHandle("/dev/fuse", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        string options = string.Create(
            CultureInfo.InvariantCulture,
            $"fd={_server.DangerousGetHandle()},rootmode=40755,user_id=0,group_id=0,allow_other");
        Assert.Equal(0, Mount("none", place, "fuse", 0, options));
        // Each read returns one request, and each write sends one answer.
        _requests = new FileStream(_server, FileAccess.ReadWrite, bufferSize: 0);
        _thread = new Thread(Serve) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>Stops answering.</summary>
    public void Stop() => _isStopped = true;

    public void Dispose()
    {
        // Waiting programs get ENOTCONN.
        Machine.Shell($"umount -l {_place}; for c in /sys/fs/fuse/connections/*/abort; do echo 1 > $c; done");
        _requests.Dispose();
    }

    private void Serve()
    {
        byte[] request = new byte[1 << 17];
        byte[] answer = new byte[256];
        while (true)
        {
            int length;
            try
            {
                length = _requests.Read(request);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                return; // unmounted
            }

            // fuse_in_header: len, opcode, unique, nodeid …
            uint operation = BinaryPrimitives.ReadUInt32LittleEndian(request.AsSpan(4));
            if (length < HeaderBytes || operation == Forget || (_isStopped && operation != Init))
            {
                continue;
            }

            Array.Clear(answer);
            int body = 0, error = 0;
            Span<byte> content = answer.AsSpan(16);
            switch (operation)
            {
                case Init: // fuse_init_out: major, minor
                    BinaryPrimitives.WriteUInt32LittleEndian(content, 7);
                    BinaryPrimitives.WriteUInt32LittleEndian(content[4..], 31);
                    BinaryPrimitives.WriteUInt32LittleEndian(content[20..], 4096);
                    body = 64;
                    break;
                // fuse_attr_out, remembered for no time: valid, valid_nsec, dummy, then ino, …, mode at 60 of the
                // attributes
                case GetAttr:
                    BinaryPrimitives.WriteUInt64LittleEndian(content[16..], 1);
                    BinaryPrimitives.WriteUInt32LittleEndian(content[(16 + 60)..], 0x41ed);
                    BinaryPrimitives.WriteUInt32LittleEndian(content[(16 + 64)..], 2);
                    body = 104;
                    break;
                case OpenDir: // fuse_open_out: a handle of 0
                    body = 16;
                    break;
                default:
                    error = -ENOSYS;
                    break;
            }

            // fuse_out_header: len, error, unique
            BinaryPrimitives.WriteInt32LittleEndian(answer, 16 + body);
            BinaryPrimitives.WriteInt32LittleEndian(answer.AsSpan(4), error);
            request.AsSpan(8, 8).CopyTo(answer.AsSpan(8));
            _requests.Write(answer.AsSpan(0, 16 + body));
        }
    }

    // Not with generated code, because that is unsafe code.
    [DllImport(
        "libc", EntryPoint = "mount", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
#pragma warning disable SYSLIB1054
    private static extern int Mount(string source, string target, string kind, nuint flags, string data);
#pragma warning restore SYSLIB1054
}
