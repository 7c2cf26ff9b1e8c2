using System.Runtime.InteropServices;

namespace Vfio;

/// <summary>
/// A descriptor's number for as long as a structure that goes to the kernel holds it: the descriptor stays open
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
