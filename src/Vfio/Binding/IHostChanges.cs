using Vfio.Interop;

namespace Vfio.Binding;

/// <summary>Every way in which binding changes the host, apart from its own journal: the seam at which tests stand in for the kernel.</summary>
internal interface IHostChanges
{
    /// <summary>Writes a kernel attribute in one call.</summary>
    /// <exception cref="VfioException">It failed.</exception>
    void Write(string path, string value);

    /// <summary>Writes a kernel attribute in a child process, which may block for long; does not wait for it beyond a time.</summary>
    /// <returns>The child that still blocks; <see langword="null"/> where it ended.</returns>
    int? WriteInChild(string path, string value, TimeSpan patience);

    /// <summary>Loads a kernel module.</summary>
    /// <exception cref="VfioException">It failed.</exception>
    void LoadModule(string module);

    /// <summary>Unloads a module that nothing uses; one that is in use after all stays.</summary>
    /// <exception cref="VfioException">It could not be tried.</exception>
    void UnloadModule(string module);

    /// <summary>Says who may open a device node.</summary>
    /// <exception cref="VfioException">It failed.</exception>
    void SetAccess(string node, AccessList access);

    /// <summary>Says whose a device node is.</summary>
    /// <exception cref="VfioException">It failed.</exception>
    void SetOwner(string node, uint user, uint group);

    /// <summary>Renames an interface that is down.</summary>
    /// <exception cref="VfioException">It failed.</exception>
    void RenameInterface(string name, string newName);

    /// <summary>Switches an interface on.</summary>
    /// <exception cref="VfioException">It failed.</exception>
    void SwitchOnInterface(string name);

    /// <summary>Waits until something the kernel does by itself has happened.</summary>
    /// <returns>Whether it did within the time.</returns>
    bool WaitUntil(Func<bool> condition, TimeSpan time);
}
