using Vfio.Pci;

namespace Vfio;

// The device's own accesses: bus mastering, memory, and stopped transfers.
public sealed partial class VfioDevice
{
    private readonly Lock _configChange = new(); // held to change a register of configuration space

    /// <summary>
    /// Gets the memory that the device can access by DMA. Devices that were opened into the same address space share
    /// it.
    /// </summary>
    /// <exception cref="NotSupportedException">
    /// The device has no address space, because it was opened without an IOMMU.
    /// </exception>
    public IoAddressSpace AddressSpace => _space ?? throw new NotSupportedException(BackendName == BackendNames.NoIommu
        ? $"{Name} was opened without an IOMMU, so nothing translates or restricts its addresses; DMA needs "
            + "an IOMMU (intel_iommu=on)"
        : $"{Name} has no address space");

    /// <summary>
    /// Reads whether bus mastering is enabled (bit 2 of the command register): whether the device may access memory and
    /// send MSI and MSI-X interrupts. It is disabled when the device is opened, and a reset restores it.
    /// </summary>
    /// <returns>Whether it is enabled.</returns>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The device does not answer.</exception>
    public bool GetBusMaster() => (ReadCommand(out _) & (ushort)PciCommand.BusMaster) != 0;

    /// <summary>
    /// Enables or disables bus mastering. A driver enables it once the memory that the device is to use is mapped.
    /// </summary>
    /// <param name="isEnabled">Whether the device may access memory and send MSI and MSI-X interrupts.</param>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The device does not answer.</exception>
    public void SetBusMaster(bool isEnabled)
    {
        lock (_configChange)
        {
            // Read under the lock: disposal, which disables bus mastering, comes before or after this.
            ushort command = ReadCommand(out RegionInfo config);
            const ushort BusMaster = (ushort)PciCommand.BusMaster;
            _backend.WriteUInt16(
                config, DeviceConfig.Command, (ushort)(isEnabled ? command | BusMaster : command & ~BusMaster));
        }
    }

    /// <summary>
    /// Gets the device's transfers that were stopped since it was opened or since the last call: the access, its
    /// address, and what was mapped there. For devices of the host they come from the kernel's log, which drops some if
    /// there are many. Behind a conventional bridge they carry the bridge's address and are not reported. Intel's log
    /// contains no PCI segment: on a host with several segments, faults are reported to the device with that address in
    /// segment 0.
    /// </summary>
    /// <returns>The faults, oldest first.</returns>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">
    /// The kernel's log cannot be read: on most hosts only root may read it.
    /// </exception>
    public IReadOnlyList<DmaFault> GetFaults()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        IEnumerable<IommuFault> faults = _backend is IFaultSource source ? source.TakeFaults() : _log?.TakeNew() ?? [];
        return [.. faults.Select(fault => new DmaFault
        {
            Device = fault.Device,
            Iova = new Iova(fault.Iova),
            Access = fault.Access,
            Reason = fault.Reason,
            Mapping = _space?.Find(new Iova(fault.Iova)),
        })];
    }

    /// <summary>
    /// Sets the token of this physical function. A program that opens one of its virtual functions has to pass the same
    /// token (<see cref="VfioOpenOptions.VirtualFunctionToken"/>). Until it is set, the kernel uses a random token that
    /// it does not disclose.
    /// </summary>
    /// <param name="token">The token.</param>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The device has no virtual functions, or is a device model (ENOTTY).</exception>
    public void SetVirtualFunctionToken(Guid token)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _backend.SetVirtualFunctionToken(token, Name);
    }

    // Bus mastering is disabled before memory is freed: the device must not write to memory that has another owner by
    // then.
    private void Quiesce()
    {
        if (_space is null || _space.IsEmpty)
        {
            return;
        }

        try
        {
            lock (_configChange)
            {
                ushort command = ReadCommandOf(out RegionInfo config);
                if ((command & (ushort)PciCommand.BusMaster) != 0)
                {
                    _backend.WriteUInt16(
                        config, DeviceConfig.Command, (ushort)(command & ~(ushort)PciCommand.BusMaster));
                }
            }
        }
        catch (Exception e) when (e is VfioException or InvalidOperationException)
        {
            // The device does not answer: it is suspended, or was removed. The kernel clears the bit when the device is
            // closed.
        }
    }

    private ushort ReadCommand(out RegionInfo config)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return ReadCommandOf(out config);
    }

    private ushort ReadCommandOf(out RegionInfo config)
    {
        config = _backend.GetRegionInfo(RegionIndex.Config);
        ushort command = _backend.ReadUInt16(config, DeviceConfig.Command);
        return command != ushort.MaxValue
            ? command
            : throw new VfioException(
                "read",
                $"the command register of {Name}",
                "the device does not answer: it is suspended or was removed");
    }
}
