using Vfio.Pci;

namespace Vfio;

/// <summary>
/// Chooses the backend for a device of the host, and opens the device with it. Only this class knows all backends.
/// </summary>
internal static partial class DeviceOpener
{
    private static Type1Model[] AnyType1 => [Type1Model.Two, Type1Model.One];

    /// <summary>Opens a device into the address space of the options, or a new one.</summary>
    public static VfioDevice Open(IHostDevice device, VfioOpenOptions options)
    {
        Check(device, options);
        if (options.AddressSpace is not null && options.Backend == VfioBackend.NoIommu)
        {
            throw new ArgumentException(
                "a device that is opened without an IOMMU has no address space, so it cannot join one",
                nameof(options));
        }

        // The first device of an address space decides on its backend. If two devices are first, one waits here, and
        // then finds the backend of the other.
        using Lock.Scope first = options.AddressSpace is { Backend: null } empty
            ? empty.FirstOpen.EnterScope()
            : default;
        if (options.AddressSpace is { Backend: IAddressSpaceBackend decided } shared)
        {
            return Join(device, node: null, options, shared, AsSuitable(decided, options));
        }

        if (options.Backend == VfioBackend.NoIommu)
        {
            return OpenWithoutIommu(device, options);
        }

        if (options.Backend == VfioBackend.Automatic
            && DeviceNode.Find(options.Host, device, isPatient: true) is string node)
        {
            try
            {
                return Join(
                    device,
                    node,
                    options,
                    MakeSpace(VfioBackend.Iommufd, options, out IHostAddressSpace iommufd),
                    iommufd);
            }
            catch (VfioException e) when (e.Reason is VfioErrorReason.AccessDenied
                or VfioErrorReason.IommufdDenied
                or VfioErrorReason.NodeMissing
                or VfioErrorReason.NodeUnusable)
            {
                // If this user cannot open the device's own node or /dev/iommu, the group may still be accessible.
            }
        }

        return Join(
            device, node: null, options, MakeSpace(options.Backend, options, out IHostAddressSpace backend), backend);
    }

    private static IHostAddressSpace AsSuitable(IAddressSpaceBackend decided, VfioOpenOptions options) =>
        decided switch
        {
            IHostAddressSpace kernel when kernel.Suits(options.Backend) => kernel,
            IHostAddressSpace => throw new ArgumentException(
                $"the address space has another backend than {options.Backend}, so the device cannot join it",
                nameof(options)),
            _ => throw new ArgumentException(
                "the address space belongs to a device model, so a device of the host cannot join it", nameof(options)),
        };

    /// <summary>
    /// Creates a device from descriptors that another program opened, of a PCI device or a mediated device.
    /// </summary>
    public static VfioDevice Take(PciAddress address, Guid? mediatedId, DeviceHandles handles, VfioOpenOptions options)
    {
        handles.UseOnce();
        using Rollback undo = new();
        _ = undo.Add(handles.Context);
        _ = undo.Add(handles.Device);
        if (options.AddressSpace is not null)
        {
            throw new ArgumentException(
                "descriptors bring their own address space, so the device cannot join another", nameof(options));
        }

        MediatedDevice? mediated = mediatedId is Guid id ? MediatedDevice.Get(id, options.Host) : null;
        if (mediated is not null)
        {
            Check(mediated, options);
        }

        IHostAddressSpace kernel = handles.IsGroup
            ? new Type1Space(options.Calls, options.Host, handles.Context, AnyType1)
            : new IommufdSpace(options.Calls, options.Host, handles.Context);
        IoAddressSpace space = new(kernel, options.Calls);
        space.Reserve();
        IDeviceBackend? opened = null;
        bool isAdmitted = false;
        try
        {
            opened = kernel.Take(
                handles.Device,
                mediated is null ? address.ToString() : MediatedDevice.Name(mediated.Id),
                options.VirtualFunctionToken);
            space.Admit(options.LeakReport);
            isAdmitted = true;
            VfioDevice made = VfioDevice.OfHost(opened, address, mediated, options, space);
            undo.Keep();
            return made;
        }
        catch
        {
            space.Leave(isAdmitted, opened is null ? null : opened.Dispose);
            throw;
        }
    }

    // The kernel's part: find the node, open, bind, attach. Then the IOVA ranges are read again, and the device is
    // created.
    private static VfioDevice Join(
        IHostDevice device, string? node, VfioOpenOptions options, IoAddressSpace space, IHostAddressSpace kernel)
    {
        space.Reserve();
        IDeviceBackend? opened = null;
        bool isAdmitted = false;
        try
        {
            // This takes as long as the device's reset. Other threads can use the address space meanwhile.
            opened = kernel.Open(device, node, options.VirtualFunctionToken);
            space.Admit(options.LeakReport);
            isAdmitted = true;
            return VfioDevice.OfHost(opened, AddressOf(device), device as MediatedDevice, options, space);
        }
        catch
        {
            space.Leave(isAdmitted, opened is null ? null : opened.Dispose);
            throw;
        }
    }

    private static VfioDevice OpenWithoutIommu(IHostDevice device, VfioOpenOptions options)
    {
        using Rollback undo = new();
        Type1Space container = undo.Add(new Type1Space(
            options.Calls,
            options.Host,
            Type1Container.Open(options.Calls, options.Host, isIommufd: false),
            [Type1Model.None]));
        IDeviceBackend opened = undo.Add(container.Open(device, node: null, token: null));
        VfioDevice made = VfioDevice.OfHost(opened, AddressOf(device), mediated: null, options, space: null, container);
        undo.Keep();
        return made;
    }

    // A mediated device has no PCI address.
    private static PciAddress AddressOf(IHostDevice device) => device is PciDeviceInfo pci ? pci.Address : default;

    private static IoAddressSpace MakeSpace(VfioBackend backend, VfioOpenOptions options, out IHostAddressSpace kernel)
    {
        SystemCalls calls = options.Calls;
        HostRoot host = options.Host;
        kernel = backend switch
        {
            VfioBackend.Iommufd => new IommufdSpace(calls, host, IommufdSpace.OpenIommufd(calls, host)),
            VfioBackend.Automatic =>
                new Type1Space(calls, host, Type1Container.Open(calls, host, isIommufd: false), AnyType1),
            VfioBackend.Type1v2 =>
                new Type1Space(calls, host, Type1Container.Open(calls, host, isIommufd: false), [Type1Model.Two]),
            VfioBackend.Type1 =>
                new Type1Space(calls, host, Type1Container.Open(calls, host, isIommufd: false), [Type1Model.One]),
            VfioBackend.CompatibleType1v2 => new Type1Space(
                calls,
                host,
                Type1Container.Open(calls, host, isIommufd: true),
                [Type1Model.Two],
                BackendNames.Compatible),
            VfioBackend.CompatibleType1 => new Type1Space(
                calls,
                host,
                Type1Container.Open(calls, host, isIommufd: true),
                [Type1Model.One],
                BackendNames.Compatible),
            _ => throw new ArgumentOutOfRangeException(nameof(options), backend, "no such backend"),
        };
        if (options.AddressSpace is not IoAddressSpace created)
        {
            return new IoAddressSpace(kernel, calls);
        }

        using Rollback undo = new();
        undo.Add(kernel);
        created.Adopt(kernel);
        undo.Keep();
        return created;
    }
}
