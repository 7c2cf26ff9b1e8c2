namespace Vfio.Emulation.Tests;

/// <summary>Represents a client that records its interrupts.</summary>
internal sealed class RecordingClient : IModelClient
{
    private readonly List<string> _signals = [];

    /// <summary>Returns the interrupts since the last call.</summary>
    public string[] Take()
    {
        string[] signals = [.. _signals];
        _signals.Clear();
        return signals;
    }

    public void Signal(IrqIndex kind, int vector) => _signals.Add($"{kind} {vector}");
}
