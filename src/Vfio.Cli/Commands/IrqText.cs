using System.Globalization;

namespace Vfio.Cli;

/// <summary>Writes the counts: a line, or a JSON object, for each vector that was signalled in an interval.</summary>
internal sealed class IrqText(CliHost host, bool isJson, IrqInfo info, IReadOnlyList<IrqCount> counts)
{
    public void WriteBeginning(string name)
    {
        int vectors = counts.Count(count => count.Vector.Index == info.Index);
        if (isJson)
        {
            Json.WriteLine(
                host.Out,
                new IrqBeginLine(
                    host.Clock.GetUtcNow().UtcDateTime, "enabled", IrqCount.WordFor(info.Index), vectors, info.Count),
                CliJson.Write);
        }
        else
        {
            string part = vectors == info.Count ? $"{vectors}" : $"vector {counts[0].Vector.Subindex} of {info.Count}";
            host.Out.WriteLine($"{name}: {IrqCount.NameOf(info.Index)}, "
                + $"{part}{(vectors == info.Count ? vectors == 1 ? " vector" : " vectors" : "")}");
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
            Json.WriteLine(
                host.Out,
                new IrqSignalsLine(
                    host.Clock.GetUtcNow().UtcDateTime,
                    "signals",
                    IrqCount.WordFor(count.Vector.Index),
                    count.Vector.Subindex,
                    arrived,
                    count.Total,
                    count.Rate is double rate ? Math.Round(rate, 3) : null),
                CliJson.Write);
            return;
        }

        string kind = IrqCount.NameOf(count.Vector.Index);
        string vector = count.Vector.Index <= IrqIndex.Msix ? $"{kind} {count.Vector.Subindex}" : kind;
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{host.TimeOfDay()} {vector,-10} {"+" + arrived,10} {count.Total,12} {Format(count.Rate),14}");
        host.Out.WriteLine(count.Vector.Index == IrqIndex.Error ? host.Terminal.Yellow(text) : text);
    }

    private static string Format(double? rate) => rate is double known
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"{known.ToString(known < 100 ? "0.0" : "0", CultureInfo.InvariantCulture)}/s")
        : "-";
}

/// <summary>Describes the start of <c>vfio irq</c>, as JSON.</summary>
internal sealed record IrqBeginLine(DateTime Time, string Event, string Index, int Vectors, int OfVectors);

/// <summary>Describes signals that arrived, as JSON.</summary>
internal sealed record IrqSignalsLine(
    DateTime Time, string Event, string Index, int Vector, ulong Count, ulong Total, double? PerSecond);
