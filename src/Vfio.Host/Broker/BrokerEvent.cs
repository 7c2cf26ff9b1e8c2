using System.Globalization;
using System.Text;
using System.Text.Json;
using Vfio.Pci;

namespace Vfio.Host;

/// <summary>
/// Kinds of events that a <see cref="DeviceBroker"/> records, one line each (<see cref="BrokerEvent.ToString"/>).
/// </summary>
public enum BrokerEventKind
{
    /// <summary>A client got a device.</summary>
    Opened,

    /// <summary>A client asked for a device and was refused.</summary>
    Refused,

    /// <summary>A client that had a device ended or closed its connection.</summary>
    Closed,

    /// <summary>A client violated the protocol, made no request in time, or exceeded a limit on connections.</summary>
    Dropped,

    /// <summary>The broker ended while a client had a device. The client keeps the device.</summary>
    Orphaned,
}

/// <summary>
/// An event of a <see cref="DeviceBroker"/>: the client, the device, the backend, and the reason for a refusal.
/// </summary>
public sealed record BrokerEvent
{
    /// <summary>Gets what happened.</summary>
    public required BrokerEventKind Kind { get; init; }

    /// <summary>The client's effective user, as reported by the kernel.</summary>
    public required uint UserId { get; init; }

    /// <summary>That user's name, or the user ID if it has none.</summary>
    public required string UserName { get; init; }

    /// <summary>The process that connected; 0 if it is in a PID namespace that the broker does not see.</summary>
    public required int ProcessId { get; init; }

    /// <summary>The device; <see langword="null"/> if none was requested.</summary>
    public PciAddress? Device { get; init; }

    /// <summary>
    /// The kind of nodes; <see cref="BrokerBackend.Any"/> for a request that left it open; <see langword="null"/> if
    /// none was requested.
    /// </summary>
    public BrokerBackend? Backend { get; init; }

    /// <summary>The line of the policy that allowed it; 0 if none did.</summary>
    public int PolicyLine { get; init; }

    /// <summary>Gets why it was refused or dropped; <see langword="null"/> if it was not.</summary>
    public BrokerRefusalCode? Code { get; init; }

    /// <summary>The reason in words; <see langword="null"/> if it was not refused or dropped.</summary>
    public string? Reason { get; init; }

    /// <summary>Gets how long the client had the device.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>
    /// Gets how many earlier events of this user were not recorded because they came too fast. Opens and closes are
    /// always recorded.
    /// </summary>
    public int Suppressed { get; init; }

    /// <summary>
    /// Formats the event as one line: <c>opened user=alice uid=1000 pid=4242 device=0000:00:14.3 backend=iommufd
    /// line=3</c>.
    /// </summary>
    /// <returns>The line, without a newline.</returns>
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

    // The words of the record are the names of the values in kebab case.
    private static string NameOf<T>(T value) => JsonNamingPolicy.KebabCaseLower.ConvertName($"{value}");
}
