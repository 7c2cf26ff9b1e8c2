using System.Runtime.InteropServices;

namespace Vfio;

/// <summary>
/// Provides a descriptor's number for a structure that is passed to the kernel, and keeps the descriptor open
/// meanwhile.
/// </summary>
internal readonly ref struct HandleUse
{
    private readonly SafeHandle _file;
    private readonly bool _held;

    public HandleUse(SafeHandle file)
    {
        _file = file;
        file.DangerousAddRef(ref _held);
    }

    public int Number => (int)_file.DangerousGetHandle();

    public void Dispose()
    {
        if (_held)
        {
            _file.DangerousRelease();
        }
    }
}
