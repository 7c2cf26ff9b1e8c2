namespace Vfio.Cli;

/// <summary>
/// Writes a recording as JSON Lines: a header, then one line for each access. The file contains only whole lines at any
/// time.
/// </summary>
internal sealed class RecordingWriter : IDisposable
{
    private readonly TextWriter _output;
    private readonly bool _ownsOutput;

    /// <param name="output">The writer.</param>
    /// <param name="ownsOutput">Whether to close the writer with the recording.</param>
    /// <param name="device">The device that is recorded.</param>
    /// <param name="time">When the recording started.</param>
    public RecordingWriter(TextWriter output, bool ownsOutput, DeviceIdentity device, DateTimeOffset time)
    {
        _output = output;
        _ownsOutput = ownsOutput;
        RecordingLine line = new(
            RecordingFormat.Name,
            RecordingFormat.Version,
            device.Name,
            DeviceDocument.Id(device.VendorId),
            DeviceDocument.Id(device.DeviceId),
            DeviceDocument.Id(device.SubsystemVendorId),
            DeviceDocument.Id(device.SubsystemId),
            device.Class.ToString(),
            time.UtcDateTime);
        Json.WriteLine(output, line, CliJson.Write);
        output.Flush();
    }

    public void Add(Access access)
    {
        // Microseconds are precise enough: no access through a system call is faster.
        double time = Math.Round(access.Time.TotalSeconds, 6);
        string operation = RecordingFormat.WordOf(access.Kind);
        RegisterPlace place = access.Place;
        if (access.Kind == AccessKind.Reset)
        {
            Json.WriteLine(_output, new ResetLine(time, operation), CliJson.Write);
        }
        else if (access.Kind == AccessKind.Wait)
        {
            WaitCondition wanted = access.Condition;
            WaitLine line = new(
                time,
                operation,
                place.Place.RegionName,
                place.Place.Offset,
                place.Bits,
                place.Register?.Name,
                place.Format(access.Value),
                FieldDocument.Of(place.Register, access.Value),
                place.Format(wanted.Mask),
                place.Format(wanted.Value),
                wanted.Timeout.TotalSeconds);
            Json.WriteLine(_output, line, CliJson.Write);
        }
        else
        {
            AccessLine line = new(
                time,
                operation,
                place.Place.RegionName,
                place.Place.Offset,
                place.Bits,
                place.Register?.Name,
                place.Format(access.Value),
                FieldDocument.Of(place.Register, access.Value));
            Json.WriteLine(_output, line, CliJson.Write);
        }

        // The session may crash at any time, and then everything up to that point matters.
        _output.Flush();
    }

    public void Dispose()
    {
        if (_ownsOutput)
        {
            _output.Dispose();
        }
    }
}

/// <summary>Describes the first line of a recording.</summary>
internal sealed record RecordingLine(
    string Format,
    int Version,
    string Address,
    string VendorId,
    string DeviceId,
    string SubsystemVendorId,
    string SubsystemId,
    string Class,
    DateTime StartedAt);

/// <summary>Describes a read or a write.</summary>
internal sealed record AccessLine(
    double Time,
    string Operation,
    string Region,
    ulong Offset,
    int Width,
    string? Name,
    string Value,
    FieldDocument[] Fields);

/// <summary>Describes a wait for a value.</summary>
internal sealed record WaitLine(
    double Time,
    string Operation,
    string Region,
    ulong Offset,
    int Width,
    string? Name,
    string Value,
    FieldDocument[] Fields,
    string Mask,
    string Wanted,
    double Timeout);

/// <summary>Describes a reset.</summary>
internal sealed record ResetLine(double Time, string Operation);
