namespace Vfio.Host;

/// <summary>Every way in which binding changes the host, apart from its own journal: the seam at which tests stand in for the kernel.</summary>
internal interface IHostChanges
{
    /// <summary>Gets the child process that will make the next write, and starts it if need be: it is noted in the journal before it writes.</summary>
    /// <exception cref="VfioException">It cannot be started.</exception>
    ProcessIdentity StartWriter();

    /// <summary>Writes a kernel attribute in one call, in a child process, because the kernel may block it.</summary>
    /// <returns>Whether it is written; <see langword="false"/> if the kernel still blocks it when the time is over. The child is then left to it.</returns>
    /// <exception cref="VfioException">The kernel refused it.</exception>
    bool Write(string path, string value, AttributeWait wait);

    /// <summary>Reads a kernel attribute in a child process, because some kernels block that while the device is being changed.</summary>
    /// <returns>The text; <see langword="null"/> if it cannot be read.</returns>
    /// <exception cref="VfioException">The kernel does not answer.</exception>
    string? Read(string path);

    /// <summary>Lets the child process end. The next write starts another.</summary>
    void EndWriter();

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
