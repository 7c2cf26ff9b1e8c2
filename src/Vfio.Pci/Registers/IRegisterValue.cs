namespace Vfio.Pci;

/// <summary>
/// The value of a register: one integer as the device returned it, with its fields by name. Implemented by <c>readonly
/// record struct</c>s over a <see cref="byte"/>, <see cref="ushort"/>, <see cref="uint"/> or <see cref="ulong"/>.
/// </summary>
/// <typeparam name="TSelf">The implementing struct.</typeparam>
/// <example>
/// <code>
/// public readonly record struct LinkStatus(ushort Raw) : IRegisterValue&lt;LinkStatus&gt;
/// {
///     public static int Width => 2;
///     public int Lanes => (Raw >> 4) &amp; 0x3f;
///     static LinkStatus IRegisterValue&lt;LinkStatus&gt;.FromRaw(ulong raw) => new((ushort)raw);
///     ulong IRegisterValue&lt;LinkStatus&gt;.Raw => Raw;
/// }
/// </code>
/// </example>
public interface IRegisterValue<TSelf>
    where TSelf : struct, IRegisterValue<TSelf>
{
    /// <summary>Gets the register's width in bytes: 1, 2, 4 or 8. It is accessed with exactly this width.</summary>
    static abstract int Width { get; }

    /// <summary>Gets the integer as read, or as it is to be written.</summary>
    ulong Raw { get; }

    /// <summary>Creates a value from an integer.</summary>
    /// <param name="raw">The integer; bits beyond the width are ignored.</param>
    /// <returns>The value.</returns>
    static abstract TSelf FromRaw(ulong raw);
}
