using Vfio.Sysfs;

namespace Vfio;

// As the ways to open a device see it.
public sealed partial class PciDeviceInfo : IHostDevice
{
    string IHostDevice.Name => Address.ToString();

    string IHostDevice.HowToTake => $"vfio bind {Address}";

    string IHostDevice.Attribute(string name) => Attribute(name);

    string IHostDevice.HowToShare(string node) => $"sudo vfio bind --user $USER {Address}";
}
