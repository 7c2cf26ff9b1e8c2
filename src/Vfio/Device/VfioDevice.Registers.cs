using Vfio.Pci;

namespace Vfio;

// What the device is, and its registers by name.
public sealed partial class VfioDevice
{
    private PciIdentity? _identity;

    /// <summary>
    /// Gets the device's IDs, class and revision, from its configuration space, which is read at the first call.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The device was disposed before the first call.</exception>
    /// <exception cref="VfioException">The device does not answer.</exception>
    public PciIdentity Identity => _identity ??= ReadPciIdentity();

    /// <summary>
    /// Reads the named registers, and formats them for a log or the message of a test: one line each, with the name,
    /// the value and the fields. Registers that can only be written, or that a read changes, are not read; a register
    /// that cannot be read is a line that says why. Each access is trapped.
    /// </summary>
    /// <param name="map">The registers.</param>
    /// <returns>The lines, separated by line feeds.</returns>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="VfioException">The device does not implement the region.</exception>
    public string Dump(RegisterMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        using Region region = OpenRegion(map.Region, RegionAccess.Trapped);
        int width = map.Registers.Select(register => register.Name.Length).DefaultIfEmpty().Max();
        return string.Join('\n', map.Registers.Select(register => Describe(region, register, width)));
    }

    private static string Describe(Region region, RegisterDescription register, int nameWidth)
    {
        string name = register.Name.PadRight(nameWidth);
        if (!register.CanPeek)
        {
            return register.Access == RegisterAccess.WriteOnly
                ? $"{name} not read: it can only be written" : $"{name} not read: a read would change it";
        }

        try
        {
            return new RegisterReading(register, region.ReadRaw(register.Offset, register.Width)).ToString(nameWidth);
        }
        catch (Exception e) when (e is VfioException or ArgumentException or NotSupportedException)
        {
            return $"{name} not read: {e.Message}";
        }
    }

    private PciIdentity ReadPciIdentity()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        RegionInfo config = _backend.GetRegionInfo(RegionIndex.Config);
        Span<byte> header = stackalloc byte[PciConfigHeader.Length];
        for (int at = 0; at < header.Length && config.Length >= PciConfigHeader.Length; at += sizeof(uint))
        {
            _backend.ReadRegion(config, (ulong)at, header.Slice(at, sizeof(uint)));
        }

        if (_backend.IsLost())
        {
            throw new VfioException("identify", Name, "the device was removed from the bus", "dispose the device");
        }

        return PciIdentity.From(PciConfigHeader.Parse(header));
    }
}
