namespace Vfio.Emulation;

/// <summary>
/// The driver's memory, as a model reaches it by DMA: what the driver has mapped for the device, with the permissions it gave,
/// while the driver lets the device onto the bus.
/// </summary>
/// <remarks>
/// Any thread. All or nothing: a transfer of which any byte may not be touched moves none, says why, and the model reports that to
/// its driver in its own way. The driver may change its memory at any time: read once, check, then use.
/// </remarks>
public sealed class ClientMemory
{
    private readonly DeviceModel _model;

    internal ClientMemory(DeviceModel model) => _model = model;

    /// <summary>The device reads the driver's memory.</summary>
    /// <param name="iova">The device's address of the first byte.</param>
    /// <param name="destination">Where to; filled only where the result is <see cref="DmaResult.Completed"/>.</param>
    /// <returns>Whether it was done, or why not.</returns>
    public DmaResult TryRead(ulong iova, Span<byte> destination)
    {
        lock (_model.Sync)
        {
            DmaResult result = Prepare(ref iova, out ModelSession? session);
            return session is null ? result : Tell(session, session.Dma.TryRead(iova, destination, out ulong stoppedAt), stoppedAt, DmaAccess.Read);
        }
    }

    /// <summary>The device writes the driver's memory.</summary>
    /// <param name="iova">The device's address of the first byte.</param>
    /// <param name="source">The bytes.</param>
    /// <returns>Whether it was done, or why not.</returns>
    public DmaResult TryWrite(ulong iova, ReadOnlySpan<byte> source)
    {
        lock (_model.Sync)
        {
            DmaResult result = Prepare(ref iova, out ModelSession? session);
            return session is null ? result : Tell(session, session.Dma.TryWrite(iova, source, out ulong stoppedAt), stoppedAt, DmaAccess.Write);
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

    // The session where the transfer may go on; else why not.
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
