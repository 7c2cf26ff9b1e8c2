namespace Vfio.Conformance.Tests;

// Each contract on each backend. In-process, iommufd, type1v2 and noiommu run every contract. The others run what
// depends on them; the rest has the trait Soak and runs with ./test.sh --soak only:
//
// Automatic opens iommufd or, without it, type1v2: every case would repeat one of theirs. Type1 is type1v2 with other
// rules for unmapping and without dirty tracking: its address space runs here. The
//                    device comes from the same calls on the same group: registers, interrupts and resets repeat
//                    type1v2's.
// CompatibleType1v2 is code of its own in the kernel, type1's calls in front of iommufd: its address space runs here.
// The
//                    device comes from the group, as type1v2's does.
// CompatibleType1    is CompatibleType1v2 with small IOMMU pages only, which no case can see.
//
// OpenedBackendTests opens a device on each of them, with its name, a transfer and an interrupt. Great mappings test
// the memory of iommufd and type1, which their variants share.

[Trait("Backend", "in-process")]
public sealed class InProcessDeviceTests() : DeviceContract(new InProcessEdu());

[Trait("Backend", "kernel")]
public sealed class IommufdDeviceTests(BoundDevices devices)
    : DeviceContract(new KernelEdu(VfioBackend.Iommufd, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
public sealed class Type1v2DeviceTests(BoundDevices devices)
    : DeviceContract(new KernelEdu(VfioBackend.Type1v2, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class Type1DeviceTests(BoundDevices devices)
    : DeviceContract(new KernelEdu(VfioBackend.Type1, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class CompatibleType1v2DeviceTests(BoundDevices devices)
    : DeviceContract(new KernelEdu(VfioBackend.CompatibleType1v2, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class CompatibleType1DeviceTests(BoundDevices devices)
    : DeviceContract(new KernelEdu(VfioBackend.CompatibleType1, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class AutomaticDeviceTests(BoundDevices devices)
    : DeviceContract(new KernelEdu(VfioBackend.Automatic, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "noiommu")]
public sealed class NoIommuDeviceTests(BoundDevices devices)
    : DeviceContract(new KernelEdu(VfioBackend.NoIommu, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "in-process")]
public sealed class InProcessEduTests() : EduContract(new InProcessEdu());

[Trait("Backend", "kernel")]
public sealed class IommufdEduTests(BoundDevices devices)
    : EduContract(new KernelEdu(VfioBackend.Iommufd, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
public sealed class Type1v2EduTests(BoundDevices devices)
    : EduContract(new KernelEdu(VfioBackend.Type1v2, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class Type1EduTests(BoundDevices devices)
    : EduContract(new KernelEdu(VfioBackend.Type1, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class CompatibleType1v2EduTests(BoundDevices devices)
    : EduContract(new KernelEdu(VfioBackend.CompatibleType1v2, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class CompatibleType1EduTests(BoundDevices devices)
    : EduContract(new KernelEdu(VfioBackend.CompatibleType1, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class AutomaticEduTests(BoundDevices devices)
    : EduContract(new KernelEdu(VfioBackend.Automatic, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "noiommu")]
public sealed class NoIommuEduTests(BoundDevices devices)
    : EduContract(new KernelEdu(VfioBackend.NoIommu, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "in-process")]
public sealed class InProcessInterruptTests() : InterruptContract(new InProcessEdu());

[Trait("Backend", "kernel")]
public sealed class IommufdInterruptTests(BoundDevices devices)
    : InterruptContract(new KernelEdu(VfioBackend.Iommufd, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
public sealed class Type1v2InterruptTests(BoundDevices devices)
    : InterruptContract(new KernelEdu(VfioBackend.Type1v2, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class Type1InterruptTests(BoundDevices devices)
    : InterruptContract(new KernelEdu(VfioBackend.Type1, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class CompatibleType1v2InterruptTests(BoundDevices devices)
    : InterruptContract(new KernelEdu(VfioBackend.CompatibleType1v2, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class CompatibleType1InterruptTests(BoundDevices devices)
    : InterruptContract(new KernelEdu(VfioBackend.CompatibleType1, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class AutomaticInterruptTests(BoundDevices devices)
    : InterruptContract(new KernelEdu(VfioBackend.Automatic, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "noiommu")]
public sealed class NoIommuInterruptTests(BoundDevices devices)
    : InterruptContract(new KernelEdu(VfioBackend.NoIommu, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "in-process")]
public sealed class InProcessLifeTests() : LifeContract(new InProcessEdu());

[Trait("Backend", "kernel")]
public sealed class IommufdLifeTests(BoundDevices devices)
    : LifeContract(new KernelEdu(VfioBackend.Iommufd, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
public sealed class Type1v2LifeTests(BoundDevices devices)
    : LifeContract(new KernelEdu(VfioBackend.Type1v2, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class Type1LifeTests(BoundDevices devices)
    : LifeContract(new KernelEdu(VfioBackend.Type1, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class CompatibleType1v2LifeTests(BoundDevices devices)
    : LifeContract(new KernelEdu(VfioBackend.CompatibleType1v2, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class CompatibleType1LifeTests(BoundDevices devices)
    : LifeContract(new KernelEdu(VfioBackend.CompatibleType1, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "noiommu")]
public sealed class NoIommuLifeTests(BoundDevices devices)
    : LifeContract(new KernelEdu(VfioBackend.NoIommu, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "in-process")]
public sealed class InProcessAddressSpaceTests() : AddressSpaceContract(new InProcessEdu());

[Trait("Backend", "kernel")]
public sealed class IommufdAddressSpaceTests(BoundDevices devices)
    : AddressSpaceContract(new KernelEdu(VfioBackend.Iommufd, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
public sealed class Type1v2AddressSpaceTests(BoundDevices devices)
    : AddressSpaceContract(new KernelEdu(VfioBackend.Type1v2, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
public sealed class Type1AddressSpaceTests(BoundDevices devices)
    : AddressSpaceContract(new KernelEdu(VfioBackend.Type1, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
public sealed class CompatibleType1v2AddressSpaceTests(BoundDevices devices)
    : AddressSpaceContract(new KernelEdu(VfioBackend.CompatibleType1v2, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class CompatibleType1AddressSpaceTests(BoundDevices devices)
    : AddressSpaceContract(new KernelEdu(VfioBackend.CompatibleType1, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class AutomaticAddressSpaceTests(BoundDevices devices)
    : AddressSpaceContract(new KernelEdu(VfioBackend.Automatic, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "in-process")]
public sealed class InProcessGreatMappingTests() : GreatMappingContract(new InProcessEdu());

[Trait("Backend", "kernel")]
public sealed class IommufdGreatMappingTests(BoundDevices devices)
    : GreatMappingContract(new KernelEdu(VfioBackend.Iommufd, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
public sealed class Type1v2GreatMappingTests(BoundDevices devices)
    : GreatMappingContract(new KernelEdu(VfioBackend.Type1v2, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class Type1GreatMappingTests(BoundDevices devices)
    : GreatMappingContract(new KernelEdu(VfioBackend.Type1, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class CompatibleType1v2GreatMappingTests(BoundDevices devices)
    : GreatMappingContract(new KernelEdu(VfioBackend.CompatibleType1v2, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class CompatibleType1GreatMappingTests(BoundDevices devices)
    : GreatMappingContract(new KernelEdu(VfioBackend.CompatibleType1, devices)), IClassFixture<BoundDevices>;

[Trait("Backend", "kernel")]
[Trait("Soak", "yes")]
public sealed class AutomaticGreatMappingTests(BoundDevices devices)
    : GreatMappingContract(new KernelEdu(VfioBackend.Automatic, devices)), IClassFixture<BoundDevices>;
