using Vfio.Emulation;

namespace Vfio.Conformance.Tests;

/// <summary>Represents the device model in this process.</summary>
public sealed class InProcessEdu : EduBackend
{
    private readonly EduModel _model = new();
    private readonly EduModel _second = new();

    public override string Name => "in-process";

    public override VfioDevice Open() => _model.Open();

    public override VfioDevice Open(IoAddressSpace addressSpace) => _model.Open(addressSpace);

    public override VfioDevice OpenSecond(IoAddressSpace addressSpace) => _second.Open(addressSpace);

    protected override void Dispose(bool disposing)
    {
        _second.Dispose();
        _model.Dispose();
        base.Dispose(disposing);
    }
}
