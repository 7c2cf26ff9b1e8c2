using System.Globalization;
using System.Text;
using System.Text.Json;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>What a <see cref="DeviceBroker"/> tells of: a line of its record (<see cref="BrokerEvent.ToString"/>).</summary>
public enum BrokerEventKind
{
    /// <summary>A client got a device.</summary>
    Opened,

    /// <summary>A client asked for a device and was refused.</summary>
    Refused,

    /// <summary>A client that had a device ended, or let go of it.</summary>
    Closed,

    /// <summary>A client did not keep to the protocol, asked nothing in time, or was one too many.</summary>
    Dropped,

    /// <summary>The broker ends while a client has a device, which the client keeps.</summary>
    Orphaned,
}

/// <summary>Something that happened at a <see cref="DeviceBroker"/>: who, which device, which way, and why not.</summary>
public sealed record BrokerEvent
{
    /// <summary>What happened.</summary>
    public required BrokerEventKind Kind { get; init; }

    /// <summary>The client's effective user, as the kernel says it.</summary>
    public required uint UserId { get; init; }

    /// <summary>That user's name, or the number where it has none.</summary>
    public required string UserName { get; init; }

    /// <summary>The process that connected; 0 where it is in a PID namespace that the broker does not see.</summary>
    public required int ProcessId { get; init; }

    /// <summary>The device; <see langword="null"/> where none was asked for.</summary>
    public PciAddress? Device { get; init; }

    /// <summary>By which nodes; <see cref="BrokerBackend.Any"/> of a request that left it open; <see langword="null"/> if none was asked for.</summary>
    public BrokerBackend? Backend { get; init; }

    /// <summary>The line of the policy that allowed it; 0 where none did.</summary>
    public int PolicyLine { get; init; }

    /// <summary>Why it was refused or dropped; <see langword="null"/> if it was not.</summary>
    public BrokerRefusalCode? Code { get; init; }

    /// <summary>The same in words, for a person; <see langword="null"/> if it was not refused or dropped.</summary>
    public string? Reason { get; init; }

    /// <summary>For how long the client had the device.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>How many events of this user before this one were not told, because they came too fast. Opens and closes are always told.</summary>
    public int Suppressed { get; init; }

    /// <summary>One line: <c>open user=alice uid=1000 pid=4242 device=0000:00:14.3 backend=iommufd line=3</c>.</summary>
    /// <returns>The line, without its end.</returns>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{NameOf(Kind)} user={UserName} uid={UserId} pid={ProcessId}");
        if (Device is PciAddress device)
        {
            text.Append(CultureInfo.InvariantCulture, $" device={device} backend={NameOf(Backend)}");
        }

        if (PolicyLine != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" line={PolicyLine}");
        }

        if (Duration is TimeSpan duration)
        {
            text.Append(CultureInfo.InvariantCulture, $" seconds={duration.TotalSeconds:0.000}");
        }

        if (Suppressed != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" untold={Suppressed}");
        }

        if (Code is BrokerRefusalCode code)
        {
            text.Append(CultureInfo.InvariantCulture, $" code={NameOf(code)} reason=\"{Reason}\"");
        }

        return text.ToString();
    }

    // The words of the record: a value's name in lower case, with hyphens.
    private static string NameOf<T>(T value) => JsonNamingPolicy.KebabCaseLower.ConvertName($"{value}");
}
