namespace Vfio;

/// <summary>
/// The seam's side of a session in which a device's state is read or written: the kernel's data_fd, as a rule. The
/// errno comes back, 0 if a call worked.
/// </summary>
internal interface IMigrationData : IDisposable
{
    /// <summary>Reads what comes next.</summary>
    /// <param name="data">Filled from its start.</param>
    /// <param name="done">How much; 0 at the end of the state.</param>
    /// <returns>ENOMSG while the device runs and there is nothing now.</returns>
    int Read(Span<byte> data, out int done);

    /// <summary>Writes what comes next.</summary>
    /// <param name="data">Not empty.</param>
    /// <param name="done">How much of it was taken.</param>
    int Write(ReadOnlySpan<byte> data, out int done);

    /// <summary>Gets what there is to be read while the device runs (VFIO_MIG_GET_PRECOPY_INFO).</summary>
    int GetPreCopyInfo(out PreCopyInfo info);
}
