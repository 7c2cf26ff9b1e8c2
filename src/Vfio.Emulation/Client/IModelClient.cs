namespace Vfio.Emulation;

/// <summary>Represents the client that has a device model open, as the model sees it.</summary>
internal interface IModelClient
{
    /// <summary>
    /// Delivers an interrupt. It is called under the model's lock, and must neither wait nor call back.
    /// </summary>
    void Signal(IrqIndex kind, int vector);
}
