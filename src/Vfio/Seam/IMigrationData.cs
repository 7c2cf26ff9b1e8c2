namespace Vfio;

/// <summary>
/// Represents a session in which a device's state is read or written, usually the kernel's data_fd. The methods return
/// the errno, 0 for success.
/// </summary>
internal interface IMigrationData : IDisposable
{
    /// <summary>Reads the next data.</summary>
    /// <param name="data">The buffer to fill from its start.</param>
    /// <param name="done">The number of bytes; 0 at the end of the state.</param>
    /// <returns>ENOMSG if the device runs and there is no data now.</returns>
    int Read(Span<byte> data, out int done);

    /// <summary>Writes the next data.</summary>
    /// <param name="data">The data; not empty.</param>
    /// <param name="done">The number of bytes that were accepted.</param>
    int Write(ReadOnlySpan<byte> data, out int done);

    /// <summary>Gets what can be read while the device runs (VFIO_MIG_GET_PRECOPY_INFO).</summary>
    int GetPreCopyInfo(out PreCopyInfo info);
}
