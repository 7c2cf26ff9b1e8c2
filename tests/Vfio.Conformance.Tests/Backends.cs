namespace Vfio.Conformance.Tests;

public sealed class InProcessDeviceTests() : DeviceContract(new InProcessEdu());

[Trait("Backend", "kernel")]
public sealed class AutomaticDeviceTests() : DeviceContract(new KernelEdu(VfioBackend.Automatic));

[Trait("Backend", "kernel")]
public sealed class IommufdDeviceTests() : DeviceContract(new KernelEdu(VfioBackend.Iommufd));

[Trait("Backend", "kernel")]
public sealed class Type1v2DeviceTests() : DeviceContract(new KernelEdu(VfioBackend.Type1v2));

[Trait("Backend", "kernel")]
public sealed class Type1DeviceTests() : DeviceContract(new KernelEdu(VfioBackend.Type1));

[Trait("Backend", "kernel")]
public sealed class CompatibleType1v2DeviceTests() : DeviceContract(new KernelEdu(VfioBackend.CompatibleType1v2));

[Trait("Backend", "kernel")]
public sealed class CompatibleType1DeviceTests() : DeviceContract(new KernelEdu(VfioBackend.CompatibleType1));

[Trait("Backend", "noiommu")]
public sealed class NoIommuDeviceTests() : DeviceContract(new KernelEdu(VfioBackend.NoIommu));

public sealed class InProcessAddressSpaceTests() : AddressSpaceContract(new InProcessEdu());

[Trait("Backend", "kernel")]
public sealed class AutomaticAddressSpaceTests() : AddressSpaceContract(new KernelEdu(VfioBackend.Automatic));

[Trait("Backend", "kernel")]
public sealed class IommufdAddressSpaceTests() : AddressSpaceContract(new KernelEdu(VfioBackend.Iommufd));

[Trait("Backend", "kernel")]
public sealed class Type1v2AddressSpaceTests() : AddressSpaceContract(new KernelEdu(VfioBackend.Type1v2));

[Trait("Backend", "kernel")]
public sealed class Type1AddressSpaceTests() : AddressSpaceContract(new KernelEdu(VfioBackend.Type1));

[Trait("Backend", "kernel")]
public sealed class CompatibleType1v2AddressSpaceTests() : AddressSpaceContract(new KernelEdu(VfioBackend.CompatibleType1v2));

[Trait("Backend", "kernel")]
public sealed class CompatibleType1AddressSpaceTests() : AddressSpaceContract(new KernelEdu(VfioBackend.CompatibleType1));

public sealed class InProcessEduTests() : EduContract(new InProcessEdu());

[Trait("Backend", "kernel")]
public sealed class AutomaticEduTests() : EduContract(new KernelEdu(VfioBackend.Automatic));

[Trait("Backend", "kernel")]
public sealed class IommufdEduTests() : EduContract(new KernelEdu(VfioBackend.Iommufd));

[Trait("Backend", "kernel")]
public sealed class Type1v2EduTests() : EduContract(new KernelEdu(VfioBackend.Type1v2));

[Trait("Backend", "kernel")]
public sealed class Type1EduTests() : EduContract(new KernelEdu(VfioBackend.Type1));

[Trait("Backend", "kernel")]
public sealed class CompatibleType1v2EduTests() : EduContract(new KernelEdu(VfioBackend.CompatibleType1v2));

[Trait("Backend", "kernel")]
public sealed class CompatibleType1EduTests() : EduContract(new KernelEdu(VfioBackend.CompatibleType1));

[Trait("Backend", "noiommu")]
public sealed class NoIommuEduTests() : EduContract(new KernelEdu(VfioBackend.NoIommu));

public sealed class InProcessInterruptTests() : InterruptContract(new InProcessEdu());

[Trait("Backend", "kernel")]
public sealed class AutomaticInterruptTests() : InterruptContract(new KernelEdu(VfioBackend.Automatic));

[Trait("Backend", "kernel")]
public sealed class IommufdInterruptTests() : InterruptContract(new KernelEdu(VfioBackend.Iommufd));

[Trait("Backend", "kernel")]
public sealed class Type1v2InterruptTests() : InterruptContract(new KernelEdu(VfioBackend.Type1v2));

[Trait("Backend", "kernel")]
public sealed class Type1InterruptTests() : InterruptContract(new KernelEdu(VfioBackend.Type1));

[Trait("Backend", "kernel")]
public sealed class CompatibleType1v2InterruptTests() : InterruptContract(new KernelEdu(VfioBackend.CompatibleType1v2));

[Trait("Backend", "kernel")]
public sealed class CompatibleType1InterruptTests() : InterruptContract(new KernelEdu(VfioBackend.CompatibleType1));

[Trait("Backend", "noiommu")]
public sealed class NoIommuInterruptTests() : InterruptContract(new KernelEdu(VfioBackend.NoIommu));
