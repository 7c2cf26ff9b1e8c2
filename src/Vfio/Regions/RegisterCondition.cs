using System.Globalization;
using System.Numerics;
using Vfio.Pci;

namespace Vfio;

/// <summary>Represents what a wait for a register's value waits for.</summary>
internal interface IRegisterCondition
{
    /// <summary>Gets the register's width in bytes.</summary>
    int Width { get; }

    bool IsMet(ulong raw);

    /// <summary>Describes it for the message of a wait that was in vain.</summary>
    string Describe();
}

/// <summary>Some bits have a value.</summary>
internal readonly struct MaskCondition : IRegisterCondition
{
    private readonly ulong _mask;
    private readonly ulong _value;

    /// <exception cref="ArgumentException">The value has bits that are not looked at.</exception>
    public MaskCondition(int width, ulong mask, ulong value)
    {
        if ((value & ~mask) != 0)
        {
            throw new ArgumentException(
                $"0x{value:x} has bits outside the mask 0x{mask:x}, so the wait could not end", nameof(value));
        }

        (Width, _mask, _value) = (width, mask, value);
    }

    public int Width { get; }

    public bool IsMet(ulong raw) => (raw & _mask) == _value;

    public string Describe() =>
        string.Create(CultureInfo.InvariantCulture, $"0x{_value:x} was expected in the bits 0x{_mask:x}");
}

/// <summary>A function of the caller accepts a register's value.</summary>
internal readonly struct ValueCondition<T>(Func<T, bool> predicate) : IRegisterCondition
    where T : struct, IRegisterValue<T>
{
    public int Width => T.Width;

    public bool IsMet(ulong raw) => predicate(T.FromRaw(raw));

    public string Describe() => "another value was expected";
}

/// <summary>A function of the caller accepts a number.</summary>
internal readonly struct NumberCondition<T>(Func<T, bool> predicate) : IRegisterCondition
    where T : unmanaged, IBinaryInteger<T>
{
    public unsafe int Width => sizeof(T);

    public bool IsMet(ulong raw) => predicate(T.CreateTruncating(raw));

    public string Describe() => "another value was expected";
}
