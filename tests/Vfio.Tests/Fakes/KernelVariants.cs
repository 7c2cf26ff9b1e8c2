using Vfio.Binding;
using Vfio.Interop;

namespace Vfio.Tests;

/// <summary>A kernel that takes what is written to one attribute, and does nothing.</summary>
internal sealed class DeafKernel(FakeKernel inner, string attribute) : KernelVariant(inner)
{
    public override void Write(string path, string value)
    {
        if (!path.EndsWith(attribute, StringComparison.Ordinal))
        {
            base.Write(path, value);
        }
    }
}

/// <summary>A kernel that refuses some writes, each time; given as the end of the path, a space and the value.</summary>
internal sealed class BrokenKernel(FakeKernel inner, params string[] refused) : KernelVariant(inner)
{
    public override void Write(string path, string value)
    {
        if (Array.Exists(refused, write => $"{path} {value}".EndsWith(write, StringComparison.Ordinal)))
        {
            throw new VfioException("write", path, Errno.EIO);
        }

        base.Write(path, value);
    }
}

/// <summary>A kernel like another one, up to what is overridden.</summary>
internal abstract class KernelVariant(FakeKernel inner) : IHostChanges
{
    public virtual void Write(string path, string value) => inner.Write(path, value);

    public int? WriteInChild(string path, string value, TimeSpan patience) => inner.WriteInChild(path, value, patience);

    public void LoadModule(string module) => inner.LoadModule(module);

    public void UnloadModule(string module) => inner.UnloadModule(module);

    public void SetAccess(string node, AccessList access) => inner.SetAccess(node, access);

    public void SetOwner(string node, uint user, uint group) => inner.SetOwner(node, user, group);

    public void RenameInterface(string name, string newName) => inner.RenameInterface(name, newName);

    public void SwitchOnInterface(string name) => inner.SwitchOnInterface(name);

    public bool WaitUntil(Func<bool> condition, TimeSpan time) => inner.WaitUntil(condition, time);
}
