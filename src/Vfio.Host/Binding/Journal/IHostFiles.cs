namespace Vfio.Host;

/// <summary>How binding changes the host's files in <c>/etc</c> and <c>/run/udev</c>: the seam at which tests let each change fail.</summary>
internal interface IHostFiles
{
    /// <summary>Puts a file in place, whole, whatever was there.</summary>
    /// <exception cref="VfioException">It failed; what was there before is there.</exception>
    void Write(string path, byte[] content);

    /// <summary>Makes a symbolic link where nothing is.</summary>
    /// <exception cref="VfioException">It failed.</exception>
    void Link(string path, string target);

    /// <summary>Removes a file or link, and what a killed <see cref="Write"/> left of it; nothing where there is none.</summary>
    /// <exception cref="VfioException">It failed.</exception>
    void Remove(string path);

    /// <summary>Makes a folder that everybody may look into.</summary>
    /// <exception cref="VfioException">It failed.</exception>
    void MakeFolder(string path);

    /// <summary>Removes a folder, unless something is in it or it is not there.</summary>
    /// <exception cref="VfioException">It failed.</exception>
    void RemoveFolder(string path);
}
