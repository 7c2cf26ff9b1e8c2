using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio;

// Opened by a broker, used here.
public sealed partial class VfioDevice
{
    /// <summary>
    /// Opens a device whose nodes this program may not open, through a broker (<c>vfio broker</c>) that may, and whose
    /// policy allows it. The memory that is mapped for the device is locked, and charged, by this process; resetting
    /// the device needs nothing more. The broker knows the device as this program's until it is disposed or the process
    /// ends.
    /// </summary>
    /// <param name="address">The device's address.</param>
    /// <param name="socketPath">The path of the broker's socket; by default, <c>/run/vfio-broker.sock</c>.</param>
    /// <param name="options">
    /// The backend: <see cref="VfioBackend.Automatic"/>, <see cref="VfioBackend.Iommufd"/> or
    /// <see cref="VfioBackend.Type1v2"/>; a token, if one is required. The address space is always a new one.
    /// </param>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The options name an address space.</exception>
    /// <exception cref="VfioException">
    /// No broker listens there; it refused, and the message says why; it has no such backend; or a system call failed.
    /// </exception>
    public static VfioDevice OpenThroughBroker(
        PciAddress address, string? socketPath = null, VfioOpenOptions? options = null)
    {
        options ??= new VfioOpenOptions();
        if (options.AddressSpace is not null)
        {
            throw new ArgumentException(
                "a broker's descriptors bring their own address space, so the device cannot join another",
                nameof(options));
        }

        BrokerBackend backend = options.Backend switch
        {
            VfioBackend.Automatic => BrokerBackend.Any,
            VfioBackend.Iommufd => BrokerBackend.Iommufd,
            VfioBackend.Type1v2 => BrokerBackend.Group,
            _ => throw new VfioException(
                "open",
                $"{address} through the broker",
                "a broker opens devices only through iommufd or their group (type1v2)"),
        };
        BrokerGrant grant = BrokerClient.Ask(
            socketPath ?? BrokerProtocol.DefaultSocketPath,
            new BrokerRequest(address, backend),
            out Socket connection,
            out SafeFileHandle[] files);
        try
        {
            VfioDevice device = FromHandles(
                address,
                grant.Backend == BrokerBackend.Iommufd
                    ? DeviceHandles.FromDevice(files[0], files[1])
                    : DeviceHandles.FromGroup(files[0], files[1]),
                options);
            // Closed last: the broker gives the device to the next when it sees the end.
            device._connection = connection;
            return device;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
