using System.Globalization;

namespace Vfio.Cli;

/// <summary>Writes a recording: JSON Lines, a header and then one line for each access, whole lines at any moment.</summary>
internal sealed class RecordingWriter : IDisposable
{
    private readonly TextWriter _output;
    private readonly bool _ownsOutput;

    /// <param name="output">Where to.</param>
    /// <param name="ownsOutput">Whether it is closed with the recording.</param>
    /// <param name="device">The device that is recorded.</param>
    /// <param name="time">When it began.</param>
    public RecordingWriter(TextWriter output, bool ownsOutput, DeviceIdentity device, DateTimeOffset time)
    {
        _output = output;
        _ownsOutput = ownsOutput;
        using (JsonLine line = new(output))
        {
            line.Writer.WriteString("format", RecordingFormat.Name);
            line.Writer.WriteNumber("version", RecordingFormat.Version);
            line.Writer.WriteString("address", device.Name);
            line.Writer.WriteString("vendorId", device.VendorId.ToString("x4", CultureInfo.InvariantCulture));
            line.Writer.WriteString("deviceId", device.DeviceId.ToString("x4", CultureInfo.InvariantCulture));
            line.Writer.WriteString("subsystemVendorId", device.SubsystemVendorId.ToString("x4", CultureInfo.InvariantCulture));
            line.Writer.WriteString("subsystemId", device.SubsystemId.ToString("x4", CultureInfo.InvariantCulture));
            line.Writer.WriteString("class", device.Class.ToString());
            line.Writer.WriteString("startedAt", time.UtcDateTime);
        }

        output.Flush();
    }

    public void Add(Access access)
    {
        using (JsonLine line = new(_output))
        {
            // Microseconds: no access through a system call is faster.
            line.Writer.WriteNumber("time", Math.Round(access.Time.TotalSeconds, 6));
            line.Writer.WriteString("operation", RecordingFormat.WordOf(access.Kind));
            if (access.Kind != AccessKind.Reset)
            {
                line.WritePlace(access.Place);
                line.Writer.WriteString("value", access.Place.Format(access.Value));
                line.Writer.WriteFields(access.Place.Register, access.Value);
            }

            if (access.Kind == AccessKind.Wait)
            {
                line.Writer.WriteString("mask", access.Place.Format(access.Condition.Mask));
                line.Writer.WriteString("wanted", access.Place.Format(access.Condition.Value));
                line.Writer.WriteNumber("timeout", access.Condition.Timeout.TotalSeconds);
            }
        }

        // A session may end at any moment: what happened until then is what one wants to know.
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
