using Vfio.Pci;

namespace Vfio;

// What the device is, and its registers by name.
public sealed partial class VfioDevice
{
    // Each register with its own width (PCI Express Base Specification 6.0, section 7.5.1): vendor and device ID,
    // revision and class, header type, subsystem IDs, interrupt pin.
    private static readonly (int Offset, int Width)[] IdentityRegisters =
        [(0x00, 2), (0x02, 2), (0x08, 4), (0x0e, 1), (0x2c, 2), (0x2e, 2), (0x3d, 1)];

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
        foreach ((int offset, int width) in IdentityRegisters)
        {
            if (config.Length >= PciConfigHeader.Length)
            {
                _backend.ReadRegion(config, (ulong)offset, header.Slice(offset, width));
            }
        }

        if (_backend.IsLost())
        {
            throw new VfioException("identify", Name, "the device was removed from the bus", "dispose the device");
        }

        return PciIdentity.From(PciConfigHeader.Parse(header));
    }
}
