using System.Globalization;

namespace Vfio.Cli;

/// <summary>Says what was counted: a line for each vector that had signals in an interval, or a JSON object.</summary>
internal sealed class IrqText(CliHost host, bool isJson, IrqInfo info, IReadOnlyList<IrqCount> counts)
{
    public void WriteBeginning(string name)
    {
        int vectors = counts.Count(count => count.Vector.Index == info.Index);
        if (isJson)
        {
            using JsonLine line = new(host.Out);
            WriteHead(line, "enabled");
            line.Writer.WriteString("index", IrqCount.WordFor(info.Index));
            line.Writer.WriteNumber("vectors", vectors);
            line.Writer.WriteNumber("ofVectors", info.Count);
        }
        else
        {
            string part = vectors == info.Count ? $"{vectors}" : $"vector {counts[0].Vector.Subindex} of {info.Count}";
            host.Out.WriteLine($"{name}: {IrqCount.NameOf(info.Index)}, {part}{(vectors == info.Count ? vectors == 1 ? " vector" : " vectors" : "")}");
        }

        host.Out.Flush();
    }

    public void WriteInterval(TimeSpan length, bool isWhole)
    {
        foreach (IrqCount count in counts)
        {
            ulong arrived = count.New;
            count.EndInterval(length, isWhole);
            if (arrived != 0)
            {
                Write(count, arrived);
            }
        }

        host.Out.Flush();
    }

    private void Write(IrqCount count, ulong arrived)
    {
        if (isJson)
        {
            using JsonLine line = new(host.Out);
            WriteHead(line, "signals");
            line.Writer.WriteString("index", IrqCount.WordFor(count.Vector.Index));
            line.Writer.WriteNumber("vector", count.Vector.Subindex);
            line.Writer.WriteNumber("count", arrived);
            line.Writer.WriteNumber("total", count.Total);
            line.Writer.WriteNumberOrNull("perSecond", count.Rate is double rate ? Math.Round(rate, 3) : null);
            return;
        }

        string kind = IrqCount.NameOf(count.Vector.Index);
        string vector = count.Vector.Index <= IrqIndex.Msix ? $"{kind} {count.Vector.Subindex}" : kind;
        string text = string.Create(CultureInfo.InvariantCulture, $"{host.TimeOfDay()} {vector,-10} {"+" + arrived,10} {count.Total,12} {Format(count.Rate),14}");
        host.Out.WriteLine(count.Vector.Index == IrqIndex.Error ? host.Terminal.Yellow(text) : text);
    }

    private static string Format(double? rate) => rate is double known ? string.Create(CultureInfo.InvariantCulture, $"{known.ToString(known < 100 ? "0.0" : "0", CultureInfo.InvariantCulture)}/s") : "-";

    private void WriteHead(JsonLine line, string @event)
    {
        line.Writer.WriteString("time", host.Clock.GetUtcNow().UtcDateTime);
        line.Writer.WriteString("event", @event);
    }
}
