using Vfio.Emulation;

namespace Vfio.Conformance.Tests;

/// <summary>The model, in this process.</summary>
public sealed class InProcessEdu : EduBackend
{
    private readonly EduModel _model = new();

    public override string Name => "in-process";

    public override VfioDevice Open() => _model.Open();

    protected override void Dispose(bool disposing)
    {
        _model.Dispose();
        base.Dispose(disposing);
    }
}
