namespace Vfio.Emulation.Tests;

/// <summary>A client that notes its interrupts.</summary>
internal sealed class RecordingClient : IModelClient
{
    private readonly List<string> _signals = [];

    /// <summary>The interrupts since the last look.</summary>
    public string[] Take()
    {
        string[] signals = [.. _signals];
        _signals.Clear();
        return signals;
    }

    public void Signal(IrqIndex kind, int vector) => _signals.Add($"{kind} {vector}");
}
