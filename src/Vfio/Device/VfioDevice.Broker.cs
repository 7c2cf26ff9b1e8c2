using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Vfio.Pci;

namespace Vfio;

// Devices that a broker opened for this program.
public sealed partial class VfioDevice
{
    /// <summary>
    /// Opens a device through a broker (<c>vfio broker</c>), for a program that cannot open the device's nodes. The
    /// broker can, and its policy decides. The memory that is mapped for the device is locked by this process and
    /// counts against its limit; a reset of the device needs no more rights. The broker gives the device to no other
    /// program until it is disposed or this process ends.
    /// </summary>
    /// <param name="address">The device's address.</param>
    /// <param name="socketPath">The path of the broker's socket; by default, <c>/run/vfio-broker.sock</c>.</param>
    /// <param name="options">
    /// The backend (<see cref="VfioBackend.Automatic"/>, <see cref="VfioBackend.Iommufd"/> or
    /// <see cref="VfioBackend.Type1v2"/>), and a token if one is required. The address space is always a new one.
    /// </param>
    /// <returns>The device; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The options name an address space.</exception>
    /// <exception cref="VfioException">
    /// No broker listens there; it refused the request, and the message says why; it does not support the backend; or a
    /// system call failed.
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
            // Closed last: when the broker sees the connection end, it can give the device to the next client.
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
