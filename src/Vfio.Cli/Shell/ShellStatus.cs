using System.Globalization;

namespace Vfio.Cli;

/// <summary>Writes the shell's <c>status</c>: the mappings of its device, the limits and the faults.</summary>
internal sealed class ShellStatus(CliHost host, RegisterSession session, bool isJson)
{
    // The kernel's log drops most messages of a flood; the first faults that it keeps already identify the cause.
    private const int MostFaults = 16;

    private readonly SectionWriter _section = new(host);
    private readonly DeviceUse _use = DeviceUse.Look(session.Device);

    public void Write()
    {
        if (isJson)
        {
            Json.WriteLine(host.Out, new ShellStatusLine(session, _use), CliJson.Write);
            return;
        }

        host.Out.WriteLine(host.Terminal.Bold(session.Target.Name));
        _section.WriteRow("backend", session.Device.BackendName);
        _section.WriteRow("bus master", _use.IsBusMaster switch
        {
            true => "enabled",
            false => "disabled: DMA needs 'set config.COMMAND 2'",
            null => "unknown: the device does not answer",
        });
        if (_use.Usage is DmaUsage usage)
        {
            WriteSpace(usage);
            WriteFaults();
            WriteLedger();
        }
        else
        {
            _section.WriteRow("memory", $"none: {_use.NoSpace}");
        }
    }

    private void WriteSpace(DmaUsage usage)
    {
        _section.WriteRow(
            "mapped", $"{Describe(usage.Mappings, usage.Bytes)}; peak {Describe(usage.PeakMappings, usage.PeakBytes)}");
        _section.WriteRow(
            "available",
            usage.EntriesLeft is uint left ? string.Create(CultureInfo.InvariantCulture, $"{left} mappings") : null);
        _section.WriteRow("locked", usage.LockedLimit is ulong limit
            ? $"{ByteSize.Format(usage.LockedBytes)} of {ByteSize.Format(limit)}"
            : $"{ByteSize.Format(usage.LockedBytes)}, unlimited");
        _section.WriteList("usable", [.. _use.Ranges.Select(range => range.ToString())]);
    }

    private void WriteFaults()
    {
        if (_use.NoFaults is not null || _use.Faults.Count == 0)
        {
            _section.WriteRow("faults", _use.NoFaults is string why ? $"unknown: {why}" : "none since the last status");
            return;
        }

        string label = "faults";
        foreach (DmaFault fault in _use.Faults.Take(MostFaults))
        {
            string there = fault.Mapping is DmaMappingInfo mapping
                ? $"mapping: {mapping}"
                : "this shell has and had no mapping there";
            _section.WriteRow(
                label,
                $"{DmaText.Describe(fault.Access)} of {fault.Iova}: {fault.Reason}; {there}",
                host.Terminal.Yellow);
            label = "";
        }

        if (_use.Faults.Count > MostFaults)
        {
            _section.WriteRow(label, $"and {_use.Faults.Count - MostFaults} more");
        }
    }

    private void WriteLedger()
    {
        if (_use.Mappings.Count == 0)
        {
            return;
        }

        TextTable table = new(
            host.Terminal,
            new TextColumn("IOVA"),
            new TextColumn("LENGTH", RightAligned: true),
            new TextColumn("ACCESS"),
            new TextColumn("OWNER", MinWidth: 8),
            new TextColumn("AGE"));
        foreach (DmaMappingInfo mapping in _use.Mappings)
        {
            table.Add(
                mapping.Iova.ToString(),
                ByteSize.Format(mapping.Length),
                DmaText.Describe(mapping.Access),
                mapping.Owner,
                string.Create(CultureInfo.InvariantCulture, $"{mapping.Age.TotalSeconds:0.0} s"));
        }

        table.Write(host.Out);
    }

    private static string Describe(int count, ulong bytes) =>
        string.Create(
            CultureInfo.InvariantCulture, $"{count} {(count == 1 ? "buffer" : "buffers")}, {ByteSize.Format(bytes)}");
}
