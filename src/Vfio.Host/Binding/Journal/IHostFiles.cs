namespace Vfio.Host;

/// <summary>
/// Changes the host's files in <c>/etc</c> and <c>/run/udev</c> for a bind or release. Tests implement it to let each
/// change fail.
/// </summary>
internal interface IHostFiles
{
    /// <summary>Writes a whole file, and replaces what was there.</summary>
    /// <exception cref="VfioException">Writing failed; the previous file, if there was one, is unchanged.</exception>
    void Write(string path, byte[] content);

    /// <summary>Makes a symbolic link where no file exists.</summary>
    /// <exception cref="VfioException">The link cannot be made.</exception>
    void Link(string path, string target);

    /// <summary>
    /// Removes a file or link, if it exists, and the unfinished file that a killed <see cref="Write"/> may have left.
    /// </summary>
    /// <exception cref="VfioException">The file cannot be removed.</exception>
    void Remove(string path);

    /// <summary>Makes a folder that everyone may read.</summary>
    /// <exception cref="VfioException">The folder cannot be made.</exception>
    void MakeFolder(string path);

    /// <summary>Removes a folder if it exists and is empty.</summary>
    /// <exception cref="VfioException">The folder cannot be removed.</exception>
    void RemoveFolder(string path);
}
