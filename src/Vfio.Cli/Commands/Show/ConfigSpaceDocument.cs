using System.Globalization;
using System.Text.Json.Serialization;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Describes a device's configuration space as JSON.</summary>
internal sealed class ConfigSpaceDocument(ShownDevice shown, PciConfigSpace config)
{
    [JsonConstructor]
    internal ConfigSpaceDocument()
        : this(null!, null!)
    {
    }

    public int Length => shown.ConfigBytes.Length;

    public bool IsCut => shown.IsConfigCut;

    public bool IsAbsent => config.Header.IsAbsent;

    public IEnumerable<DecodedRegister> Registers =>
        config.HeaderRegisters.Select(reading => new DecodedRegister(reading));

    public IEnumerable<DerivedDocument> Derived =>
        config.HeaderDerivedValues.Select(value => new DerivedDocument(value.Name, value.Text));

    public IEnumerable<CapabilityDocument> Capabilities =>
        config.Capabilities.Select(capability => new CapabilityDocument(shown, capability));

    public IReadOnlyList<string> Warnings => config.Warnings;
}

/// <summary>Describes a capability.</summary>
internal sealed class CapabilityDocument(ShownDevice shown, PciCapability capability)
{
    [JsonConstructor]
    internal CapabilityDocument()
        : this(null!, null!)
    {
    }

    public string Id => capability.Id.ToString(capability.IsExtended ? "x4" : "x2", CultureInfo.InvariantCulture);

    public bool IsExtended => capability.IsExtended;

    public int Offset => capability.Offset;

    public int Version => capability.Version;

    public string Name => capability.Name;

    public string ShortName => capability.ShortName;

    public string? Summary => capability.Summary;

    public IEnumerable<DecodedRegister> Registers =>
        capability.Registers.Select(reading => new DecodedRegister(reading));

    public IEnumerable<string> Undecoded => shown.FindUndecoded(capability)
        .Select(word => word.ToString("x8", CultureInfo.InvariantCulture));

    public IEnumerable<DerivedDocument> Derived =>
        capability.DerivedValues.Select(value => new DerivedDocument(value.Name, value.Text));
}

/// <summary>Describes a value that is derived from several registers.</summary>
internal sealed record DerivedDocument(string Name, string Text);

/// <summary>Describes a register of configuration space and its meaning.</summary>
internal sealed class DecodedRegister(RegisterReading reading)
{
    [JsonConstructor]
    internal DecodedRegister()
        : this(default!)
    {
    }

    public string Name => reading.Register.Name;

    public ulong Offset => reading.Register.Offset;

    public int Width => reading.Register.Width * 8;

    public string Value => RegisterText.Raw(reading);

    public string? Meaning => reading.Register.Meaning;

    public IEnumerable<DecodedField> Fields => reading.Register.Fields.Select(part => new DecodedField(
        part.Name,
        string.Create(CultureInfo.InvariantCulture, $"0x{part.Extract(reading.Raw):x}"),
        part.Describe(reading.Raw),
        part.Meaning));
}

/// <summary>Describes a field of a register.</summary>
internal sealed record DecodedField(string Name, string Value, string Text, string? Meaning);
