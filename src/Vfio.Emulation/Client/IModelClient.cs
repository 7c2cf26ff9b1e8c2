namespace Vfio.Emulation;

/// <summary>Who has a model open, as the model sees it.</summary>
internal interface IModelClient
{
    /// <summary>An interrupt. Called under the model's lock: it must neither wait nor call back.</summary>
    void Signal(IrqIndex kind, int vector);
}
