namespace Vfio.Conformance.Tests;

public sealed class InProcessDeviceTests() : DeviceContract(new InProcessEdu());

[Trait("Backend", "kernel")]
public sealed class Type1v2DeviceTests() : DeviceContract(new KernelEdu("type1v2"));

[Trait("Backend", "kernel")]
public sealed class Type1DeviceTests() : DeviceContract(new KernelEdu("type1"));

public sealed class InProcessEduTests() : EduContract(new InProcessEdu());

[Trait("Backend", "kernel")]
public sealed class Type1v2EduTests() : EduContract(new KernelEdu("type1v2"));

[Trait("Backend", "kernel")]
public sealed class Type1EduTests() : EduContract(new KernelEdu("type1"));
