using Vfio.Host;

namespace Vfio.Tests;

/// <summary>Represents a kernel that accepts what is written to one attribute, and does nothing.</summary>
internal sealed class DeafKernel(FakeKernel inner, string attribute) : KernelVariant(inner)
{
    public override bool Write(string path, string value, AttributeWait wait) =>
        path.EndsWith(attribute, StringComparison.Ordinal) || base.Write(path, value, wait);
}

/// <summary>
/// Represents a kernel that always refuses some writes, each given as the end of the path, a space and the value.
/// </summary>
internal sealed class BrokenKernel(FakeKernel inner, params string[] refused) : KernelVariant(inner)
{
    public override bool Write(string path, string value, AttributeWait wait)
    {
        if (Array.Exists(refused, write => $"{path} {value}".EndsWith(write, StringComparison.Ordinal)))
        {
            throw new VfioException("write", path, Errno.EIO);
        }

        return base.Write(path, value, wait);
    }
}

/// <summary>Represents a kernel like another one, except for the overridden methods.</summary>
internal abstract class KernelVariant(FakeKernel inner) : IHostChanges
{
    public ProcessIdentity StartWriter() => inner.StartWriter();

    public virtual bool Write(string path, string value, AttributeWait wait) => inner.Write(path, value, wait);

    public string? Read(string path) => inner.Read(path);

    public void EndWriter() => inner.EndWriter();

    public void LoadModule(string module) => inner.LoadModule(module);

    public void UnloadModule(string module) => inner.UnloadModule(module);

    public void SetAccess(string node, AccessList access) => inner.SetAccess(node, access);

    public void SetOwner(string node, uint user, uint group) => inner.SetOwner(node, user, group);

    public void RenameInterface(string name, string newName) => inner.RenameInterface(name, newName);

    public void SwitchOnInterface(string name) => inner.SwitchOnInterface(name);

    public bool WaitUntil(Func<bool> condition, TimeSpan time) => inner.WaitUntil(condition, time);
}
