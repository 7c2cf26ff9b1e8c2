namespace Vfio.Emulation;

/// <summary>
/// Represents the driver's memory, which a device model accesses by DMA: the memory that the driver has mapped for the
/// device, with the permissions of the mappings, while bus mastering is enabled.
/// </summary>
/// <remarks>
/// Any thread may use it. A transfer copies all bytes or none: if any byte may not be accessed, it returns the reason,
/// and the device model reports that to its driver in its own way. The driver may change its memory at any time: read a
/// value once, check it, then use it.
/// </remarks>
public sealed class ClientMemory
{
    private readonly DeviceModel _model;

    internal ClientMemory(DeviceModel model) => _model = model;

    /// <summary>Reads the driver's memory, as the device.</summary>
    /// <param name="iova">The device address of the first byte.</param>
    /// <param name="destination">Receives the bytes; filled only if the result is <see
    /// cref="DmaResult.Completed"/>.</param>
    /// <returns>Whether the transfer was made, or why not.</returns>
    public DmaResult TryRead(ulong iova, Span<byte> destination)
    {
        lock (_model.Sync)
        {
            DmaResult result = Prepare(ref iova, out ModelSession? session);
            return session is null
                ? result
                : Tell(session, session.Dma.TryRead(iova, destination, out ulong stoppedAt), stoppedAt, DmaAccess.Read);
        }
    }

    /// <summary>Writes the driver's memory, as the device.</summary>
    /// <param name="iova">The device address of the first byte.</param>
    /// <param name="source">The bytes.</param>
    /// <returns>Whether the transfer was made, or why not.</returns>
    public DmaResult TryWrite(ulong iova, ReadOnlySpan<byte> source)
    {
        lock (_model.Sync)
        {
            DmaResult result = Prepare(ref iova, out ModelSession? session);
            return session is null
                ? result
                : Tell(session, session.Dma.TryWrite(iova, source, out ulong stoppedAt), stoppedAt, DmaAccess.Write);
        }
    }

    private static DmaResult Tell(ModelSession session, DmaResult result, ulong iova, DmaAccess access)
    {
        if (result is DmaResult.NotMapped or DmaResult.NotPermitted)
        {
            session.ReportFault(iova, access, result);
        }

        return result;
    }

    // Returns the session if the transfer may continue, otherwise the reason.
    private DmaResult Prepare(ref ulong iova, out ModelSession? open)
    {
        open = null;
        if (_model.Session is not ModelSession session || _model.IsRemoved)
        {
            return DmaResult.NoClient;
        }

        if (!_model.Config.IsBusMaster)
        {
            return DmaResult.BusMasterDisabled;
        }

        DmaResult result = _model.Faults.OnDma(ref iova);
        open = result == DmaResult.Completed ? session : null;
        return result;
    }
}
