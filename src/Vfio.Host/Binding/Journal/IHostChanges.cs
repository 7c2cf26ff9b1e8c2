namespace Vfio.Host;

/// <summary>
/// Changes the host for a bind or release, apart from the journal. Tests implement it in place of the kernel.
/// </summary>
internal interface IHostChanges
{
    /// <summary>
    /// Gets the child process that will make the next write, and starts it if necessary, so that it can be recorded in
    /// the journal before it writes.
    /// </summary>
    /// <exception cref="VfioException">The child process cannot be started.</exception>
    ProcessIdentity StartWriter();

    /// <summary>Writes a kernel attribute in one call, in a child process, because the kernel may block it.</summary>
    /// <returns>
    /// Whether it is written; <see langword="false"/> if the kernel still blocks the write when the time is over. The
    /// child process then stays blocked.
    /// </returns>
    /// <exception cref="VfioException">The kernel refused the write.</exception>
    bool Write(string path, string value, AttributeWait wait);

    /// <summary>
    /// Reads a kernel attribute in a child process, because some kernels block the read while the device is being
    /// changed.
    /// </summary>
    /// <returns>The text; <see langword="null"/> if it cannot be read.</returns>
    /// <exception cref="VfioException">The kernel does not answer.</exception>
    string? Read(string path);

    /// <summary>Lets the child process end. The next write starts another one.</summary>
    void EndWriter();

    /// <summary>Loads a kernel module.</summary>
    /// <exception cref="VfioException">The module cannot be loaded.</exception>
    void LoadModule(string module);

    /// <summary>Unloads a module that nothing uses. A module that has come into use stays loaded.</summary>
    /// <exception cref="VfioException">The program that unloads modules cannot be run, or did not end.</exception>
    void UnloadModule(string module);

    /// <summary>Sets the ACL of a device node.</summary>
    /// <exception cref="VfioException">The ACL cannot be set.</exception>
    void SetAccess(string node, AccessList access);

    /// <summary>Sets the owner of a device node.</summary>
    /// <exception cref="VfioException">The owner cannot be set.</exception>
    void SetOwner(string node, uint user, uint group);

    /// <summary>Renames an interface that is down.</summary>
    /// <exception cref="VfioException">The interface cannot be renamed.</exception>
    void RenameInterface(string name, string newName);

    /// <summary>Brings an interface up.</summary>
    /// <exception cref="VfioException">The interface cannot be brought up.</exception>
    void SwitchOnInterface(string name);

    /// <summary>Waits until a condition that the kernel brings about holds.</summary>
    /// <returns>Whether it held within the time.</returns>
    bool WaitUntil(Func<bool> condition, TimeSpan time);
}
