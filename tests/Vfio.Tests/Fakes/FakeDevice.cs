using System.Globalization;
using Vfio.Pci;

namespace Vfio.Tests;

/// <summary>
/// Represents a PCI device of a <see cref="FakeHost"/>, with what its own driver creates: interfaces, disks.
/// </summary>
internal sealed class FakeDevice(
    FakeHost host, PciAddress address, string path, string ids, string classCode, int? group)
{
    private readonly List<FakeInterface> _interfaces = [];
    private readonly List<FakeDisk> _disks = [];
    private readonly List<FakeDevice> _functions = [];
    private string? _deviceNode;

    public PciAddress Address => address;

    public int? Group => group;

    /// <summary>Gets its folder below the host's root.</summary>
    public string Path => path;

    /// <summary>Gets the driver whose ID table contains it.</summary>
    public string? NaturalDriver { get; set; }

    public string? Driver { get; private set; }

    /// <summary>Gets the name of its own node while it has a VFIO driver, on a kernel that has such nodes.</summary>
    public string? DeviceNode => _deviceNode;

    /// <summary>Gets whether a program holds it, so that an unbind waits.</summary>
    public bool IsHeld { get; set; }

    /// <summary>Whether an unbind is waiting in a child process.</summary>
    public bool HasWaitingUnbind { get; set; }

    public string? Override
    {
        get => host.Read($"{path}/driver_override").TrimEnd('\n') is string name and not "(null)" ? name : null;
        set => host.Write($"{path}/driver_override", (value ?? "(null)") + "\n");
    }

    public PciDeviceInfo Info => new PciBus(host.Root).Get(address);

    /// <param name="name">The current name.</param>
    /// <param name="isUp">Whether it is up.</param>
    /// <param name="kernelName">The name that it gets when the kernel creates it again.</param>
    /// <param name="under">A folder between the device and the interface: <c>virtio0</c>.</param>
    public FakeDevice WithInterface(string name, bool isUp = false, string? kernelName = null, string? under = null)
    {
        FakeInterface added = new(name, kernelName ?? name, under);
        _interfaces.Add(added);
        Appear(added, name, isUp);
        return this;
    }

    /// <param name="name">The disk or partition.</param>
    /// <param name="number">Major and minor.</param>
    /// <param name="under">The folders between the device and it.</param>
    public FakeDevice WithDisk(string name, string number = "259:0", string under = "nvme/nvme0")
    {
        FakeDisk added = new(name, number, under);
        _disks.Add(added);
        Appear(added);
        return this;
    }

    public FakeDevice WithAttribute(string name, string text)
    {
        host.Write($"{path}/{name}", text);
        return this;
    }

    /// <summary>Writes the header of its configuration space, as far as it matters here: IDs and type.</summary>
    public FakeDevice WithHeader(byte type)
    {
        byte[] config = new byte[64];
        Convert.FromHexString(ids[2..4] + ids[..2] + ids[7..9] + ids[5..7]).CopyTo(config, 0);
        config[0x0e] = type;
        host.Write($"{path}/config", config);
        return this;
    }

    public FakeDevice WithOverride(string name)
    {
        Override = name;
        return this;
    }

    /// <summary>Lets it have virtual functions, whose driver is <c>igbvf</c>, each in its own group.</summary>
    public FakeDevice WithFunctions(int most, int now = 0)
    {
        host.Write($"{path}/sriov_totalvfs", $"{most}\n");
        host.Write($"{path}/sriov_numvfs", "0\n");
        SetFunctions(now, errno => new InvalidOperationException($"errno {errno}"));
        return this;
    }

    /// <summary>Creates links to virtual functions that do not exist.</summary>
    public FakeDevice WithFunctionLinks(int count)
    {
        for (int i = 0; i < count; i++)
        {
            host.Link($"{path}/virtfn{i}", $"{path}-virtual-{i}");
        }

        return this;
    }

    /// <summary>Does what the kernel does when <c>sriov_numvfs</c> is written (drivers/pci/iov.c).</summary>
    public void SetFunctions(int count, Func<int, Exception> fail, bool isLeaving = false)
    {
        const int FirstGroup = 100;
        int now = _functions.Count;
        int errno = count > int.Parse(host.Read($"{path}/sriov_totalvfs"), CultureInfo.InvariantCulture)
            ? 34 /* ERANGE */
            : Driver is null ? Errno.ENOENT
            : Driver == PciDeviceInfo.VfioPciDriver
                && host.Read("sys/module/vfio_pci/parameters/enable_sriov") != "Y\n" ? Errno.ENOENT
            : now != 0 && count != 0 ? Errno.EBUSY
            : 0;
        if (errno != 0 && !isLeaving)
        {
            throw fail(errno);
        }

        _functions.ForEach(host.Remove);
        for (int i = 0; i < now; i++)
        {
            File.Delete(host.PathOf($"{path}/virtfn{i}"));
        }

        _functions.Clear();
        for (int i = 0; i < count; i++)
        {
            PciAddress at = new(address.Domain, (byte)(address.Bus + 1), (byte)i, 0);
            FakeDevice function = host.AddDevice($"{at}", "8086:10ca", "020000", group: FirstGroup + i);
            host.Link($"{function.Path}/physfn", path);
            host.Link($"{path}/virtfn{i}", function.Path);
            function.NaturalDriver = "igbvf";
            if (Driver == PciDeviceInfo.VfioPciDriver)
            {
                function.Override = Driver; // vfio-pci binds the virtual functions of its own devices
            }

            function.SetDriver(function.Override ?? (host.HasDriver("igbvf") ? "igbvf" : null));
            _functions.Add(function);
        }

        host.Write($"{path}/sriov_numvfs", $"{count}\n");
    }

    /// <summary>Does what the kernel does when a driver is bound to or unbound from the device.</summary>
    public void SetDriver(string? driver)
    {
        if (Driver is not null)
        {
            if (_functions.Count != 0)
            {
                SetFunctions(0, errno => new InvalidOperationException($"errno {errno}"), isLeaving: true);
            }

            Leave(Driver);
        }

        Driver = driver;
        if (driver is null)
        {
            return;
        }

        host.Link($"{path}/driver", $"sys/bus/pci/drivers/{driver}");
        host.Link($"sys/bus/pci/drivers/{driver}/{address}", path);
        if (IsVfio(driver))
        {
            AddNodes();
        }
        else if (driver == NaturalDriver)
        {
            _interfaces.ForEach(added => Appear(added, added.KernelName, isUp: false));
            _disks.ForEach(Appear);
        }
    }

    /// <summary>Ends the program that holds it; an unbind that waited for that continues.</summary>
    public void LetGo()
    {
        IsHeld = false;
        if (HasWaitingUnbind)
        {
            HasWaitingUnbind = false;
            SetDriver(null);
        }
    }

    public void RenameInterface(string name, string newName)
    {
        FakeInterface found = _interfaces.Single(candidate => host.Exists($"{FolderOf(candidate)}/{name}"));
        File.Delete(host.PathOf($"sys/class/net/{name}"));
        Directory.Move(host.PathOf($"{FolderOf(found)}/{name}"), host.PathOf($"{FolderOf(found)}/{newName}"));
        host.Link($"sys/class/net/{newName}", $"{FolderOf(found)}/{newName}");
    }

    public void Create()
    {
        host.Write($"{path}/vendor", "0x" + ids.Split(':')[0] + "\n");
        host.Write($"{path}/device", "0x" + ids.Split(':')[1] + "\n");
        host.Write($"{path}/class", $"0x{classCode}\n");
        Override = null;
        host.Write($"{path}/modalias", ModAlias(ids, classCode));
        host.Link($"sys/bus/pci/devices/{address}", path);
        if (group is not null)
        {
            host.Write($"sys/kernel/iommu_groups/{group}/type", "DMA-FQ\n");
            host.Link($"sys/kernel/iommu_groups/{group}/devices/{address}", path);
            host.Link($"{path}/iommu_group", $"sys/kernel/iommu_groups/{group}");
        }
    }

    public void Delete()
    {
        File.Delete(host.PathOf($"sys/bus/pci/devices/{address}"));
        if (group is not null)
        {
            string members = host.PathOf($"sys/kernel/iommu_groups/{group}/devices");
            File.Delete($"{members}/{address}");
            if (!Directory.EnumerateFileSystemEntries(members).Any())
            {
                Directory.Delete(host.PathOf($"sys/kernel/iommu_groups/{group}"), recursive: true);
            }
        }

        Directory.Delete(host.PathOf(path), recursive: true);
    }

    private static bool IsVfio(string driver) => driver.Contains("vfio", StringComparison.Ordinal);

    private string FolderOf(FakeInterface device) =>
        device.Under is null ? $"{path}/net" : $"{path}/{device.Under}/net";

    private static string ModAlias(string ids, string classCode)
    {
        string[] parts = ids.ToUpperInvariant().Split(':');
        string code = classCode.PadLeft(6, '0').ToUpperInvariant();
        return $"pci:v0000{parts[0]}d0000{parts[1]}sv00001AF4sd00001100bc{code[..2]}sc{code[2..4]}i{code[4..]}\n";
    }

    private void Leave(string driver)
    {
        File.Delete(host.PathOf($"{path}/driver"));
        File.Delete(host.PathOf($"sys/bus/pci/drivers/{driver}/{address}"));
        if (IsVfio(driver))
        {
            RemoveNodes();
            return;
        }

        foreach (FakeInterface device in _interfaces)
        {
            string folder = host.PathOf(FolderOf(device));
            if (!Directory.Exists(folder))
            {
                continue;
            }

            foreach (string name in Directory.EnumerateDirectories(folder)
                .Select(found => System.IO.Path.GetFileName(found)!))
            {
                File.Delete(host.PathOf($"sys/class/net/{name}"));
            }

            Directory.Delete(folder, recursive: true);
        }

        foreach (FakeDisk disk in _disks.Where(disk => host.Exists($"sys/class/block/{disk.Name}")))
        {
            File.Delete(host.PathOf($"sys/class/block/{disk.Name}"));
            File.Delete(host.PathOf($"dev/{disk.Name}"));
            Directory.Delete(host.PathOf($"{path}/{disk.Under}/{disk.Name}"), recursive: true);
        }
    }

    private void AddNodes()
    {
        if (group is not null && !host.Exists($"dev/vfio/{group}"))
        {
            host.Write($"dev/vfio/{group}", "");
        }

        if (host.HasDeviceNodes)
        {
            _deviceNode = host.NextDeviceNode();
            host.Write($"{path}/vfio-dev/{_deviceNode}/dev", "511:0\n");
            host.Write($"dev/vfio/devices/{_deviceNode}", "");
        }
    }

    private void RemoveNodes()
    {
        if (group is not null
            && !host.Devices.Any(
                other => other != this && other.Group == group && other.Driver is string driver && IsVfio(driver)))
        {
            File.Delete(host.PathOf($"dev/vfio/{group}"));
        }

        if (_deviceNode is not null)
        {
            Directory.Delete(host.PathOf($"{path}/vfio-dev"), recursive: true);
            File.Delete(host.PathOf($"dev/vfio/devices/{_deviceNode}"));
            _deviceNode = null;
        }
    }

    private void Appear(FakeInterface device, string name, bool isUp)
    {
        string folder = $"{FolderOf(device)}/{name}";
        host.Write($"{folder}/flags", isUp ? "0x1003\n" : "0x1002\n");
        host.Write($"{folder}/address", "52:54:00:12:34:56\n");
        host.Link($"sys/class/net/{name}", folder);
    }

    private void Appear(FakeDisk disk)
    {
        string folder = $"{path}/{disk.Under}/{disk.Name}";
        host.Write($"{folder}/dev", disk.Number + "\n");
        Directory.CreateDirectory(host.PathOf($"{folder}/holders"));
        host.Link($"sys/class/block/{disk.Name}", folder);
        host.Write($"dev/{disk.Name}", "");
    }

    private sealed record FakeInterface(string Name, string KernelName, string? Under);

    private sealed record FakeDisk(string Name, string Number, string Under);
}
