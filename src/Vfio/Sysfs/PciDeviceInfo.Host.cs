namespace Vfio;

// What opening a device needs.
public sealed partial class PciDeviceInfo : IHostDevice
{
    string IHostDevice.Name => Address.ToString();

    string IHostDevice.HowToTake => "bind it to vfio-pci first";

    string IHostDevice.Attribute(string name) => Attribute(name);

    string IHostDevice.HowToShare(string node) => "it is to be given to this user";
}
