using System.Globalization;
using System.Text.RegularExpressions;
using Vfio.Pci;

namespace Vfio.Tests.Pci;

internal sealed partial class LspciText
{
    private void WriteHeader(string place)
    {
        LspciPart header = _header;
        int type = (int)header.Number("HEADER_TYPE", "Layout");
        header.Write("", place + " {CLASS_DEVICE/*:x4}: {VENDOR_ID/*:x4}:{DEVICE_ID/*:x4}");
        WriteIf(header.Number("REVISION") != 0, $" (rev {header.Number("REVISION"):x2})");
        WriteIf(header.Number("CLASS_PROG") != 0, $" (prog-if {header.Number("CLASS_PROG"):x2})");
        _text.Append('\n');
        WriteSubsystem(type);
        uint classCode = header.Number("CLASS_DEVICE");
        bool isOdd = type == 0 ? classCode == 0x0604 : type <= 2 && classCode >> 8 != 6;
        WriteIf(isOdd, $"\t!!! Invalid class {classCode:x4} for header type {type:x2}\n");
        WriteIf(type > 2, $"\t!!! Unknown header type {type:x2}\n");
        if (type <= 2)
        {
            header.Write(
                "COMMAND",
                "\tControl: +I/O +Mem +BusMaster +SpecCycle +MemWINV +VGASnoop +ParErr +Stepping "
                + "+SERR +FastB2B +DisINTx\n");
            header.Write(
                "STATUS",
                "\tStatus: +Cap +66MHz +UDF +FastB2B +ParErr DEVSEL={DEVSEL} +>TAbort +<TAbort +<MAbort "
                + "+>SERR +<PERR +INTx\n");
            WriteLatency(type);
        }

        WriteInterrupt(type);
        if (type <= 2 && header.Flag("BIST", "Capable"))
        {
            _text.Append(header.Flag("BIST", "Start")
                ? "\tBIST is running\n"
                : $"\tBIST result: {header.Number("BIST", "Result"):x2}\n");
        }

        switch (type)
        {
            case 0:
                WriteRegions(6);
                WriteRom("ROM_ADDRESS");
                break;
            case 1:
                WriteBridge();
                break;
            case 2:
                WriteCardBus();
                break;
        }
    }

    private void WriteSubsystem(int type)
    {
        (uint vendor, uint id) = type switch
        {
            0 => (_header.Number("SUBSYSTEM_VENDOR_ID"), _header.Number("SUBSYSTEM_ID")),
            1 when _config.Find("SSVID") is PciCapability { Registers.Count: > 0 } capability =>
                // what is cut off reads as ones
                (
                    Part(capability).Number("VendorID"),
                    capability.Registers.Count == 2 ? Part(capability).Number("DeviceID") : 0xffff),
            2 when _header.HasRegister("CB_SUBSYSTEM_VENDOR_ID") =>
                (
                    _header.Number("CB_SUBSYSTEM_VENDOR_ID"),
                    _header.HasRegister("CB_SUBSYSTEM_ID") ? _header.Number("CB_SUBSYSTEM_ID") : 0xffff),
            _ => (0u, 0u),
        };
        WriteIf(vendor is not (0 or 0xffff), $"\tSubsystem: {vendor:x4}:{id:x4}\n");
    }

    private void WriteLatency(int type)
    {
        if (!_header.Flag("COMMAND", "BusMaster"))
        {
            return;
        }

        uint grant = type == 0 ? _header.Number("MIN_GNT") : 0;
        uint latency = type == 0 ? _header.Number("MAX_LAT") : 0;
        List<string> times = [];
        if (grant != 0)
        {
            times.Add($"{grant * 250}ns min");
        }

        if (latency != 0)
        {
            times.Add($"{latency * 250}ns max");
        }

        _header.Write("LATENCY_TIMER", "\tLatency: {*}");
        WriteIf(times.Count != 0, $" ({string.Join(", ", times)})");
        uint cacheLine = _header.Number("CACHE_LINE_SIZE");
        WriteIf(cacheLine != 0, $", Cache Line Size: {cacheLine * 4} bytes");
        _text.Append('\n');
    }

    // lspci prints the pin relative to A, even if there is no such pin.
    private void WriteInterrupt(int type)
    {
        uint pin = type <= 2 ? _header.Number("INTERRUPT_PIN", "Pin") : 0;
        uint line = _header.Number("INTERRUPT_LINE");
        if (pin is >= 1 and <= 4)
        {
            _header.Write("INTERRUPT_PIN", "\tInterrupt: pin {Pin}");
        }
        else
        {
            WriteIf((pin | line) != 0, $"\tInterrupt: pin {(pin == 0 ? '?' : (char)(byte)('A' + pin - 1))}");
        }

        WriteIf((pin | line) != 0, $" routed to IRQ {line}\n");
    }

    private void WriteRegions(int count)
    {
        bool isUpper = false;
        for (int i = 0; i < count; i++)
        {
            string register = _config.Header.HeaderType == 2 ? "CB_CARDBUS_BASE" : $"BASE_ADDRESS_{i}";
            uint raw = _header.Number(register);
            if (isUpper)
            {
                isUpper = false;
                if (raw is not (0 or uint.MaxValue))
                {
                    WriteUpperHalf(register, i);
                }
            }
            else if (raw is not (0 or uint.MaxValue))
            {
                _header.Write("", $"\tRegion {i}: {{=Region {i}}}\n");
                isUpper = Check(register, i);
            }
        }
    }

    // The derived line agrees with the register's own fields.
    private bool Check(string register, int i)
    {
        string line = _config.HeaderDerivedValues.Single(value => value.Name == $"Region {i}").Text;
        bool isPort = _header.Flag(register, "Space");
        Assert.Equal(isPort, line.StartsWith("I/O", StringComparison.Ordinal));
        if (!isPort)
        {
            _header.Write(register, "");
            Assert.Contains(Fields(register), line, StringComparison.Ordinal);
            uint low = _header.Number(register, "Address") << 4;
            Assert.True(
                low == 0
                || line.Contains($"{low:x8} ", StringComparison.Ordinal)
                || line.Contains("<unassigned>", StringComparison.Ordinal),
                line);
        }

        return !isPort && _header.Number(register, "Type") == 2;
    }

    private string Fields(string register)
    {
        string type = _config.HeaderRegisters.Single(
            reading => reading.Register.Name == register) is RegisterReading reading
            ? reading.Register.Fields.Single(field => field.Name == "Type").Describe(reading.Raw)
            : "";
        return $"({type}, {(_header.Flag(register, "Prefetchable") ? "" : "non-")}prefetchable)";
    }

    private void WriteUpperHalf(string register, int i)
    {
        uint raw = _header.Number(register);
        bool isPort = (raw & 1) != 0;
        bool isEnabled = _header.Flag("COMMAND", isPort ? "I/O" : "Mem");
        string type = (raw >> 1 & 3) switch { 0 => "32-bit", 1 => "low-1M", 2 => "64-bit", _ => "type 3" };
        _text.Append(isPort
            ? $"\tRegion {i}: I/O ports at {(isEnabled ? "0000" : "<unassigned>")}"
            : $"\tRegion {i}: Memory at <unassigned> ({type}, {((raw & 8) != 0 ? "" : "non-")}prefetchable)");
        _text.Append(isEnabled ? "\n" : " [disabled]\n");
    }

    private void WriteRom(string register)
    {
        uint raw = _header.Number(register);
        if (raw == uint.MaxValue)
        {
            _text.Append(
                $"\tExpansion ROM at <ignored>{(_header.Flag("COMMAND", "Mem") ? "" : " [disabled by cmd]")}\n");
        }
        else if (raw != 0)
        {
            string line = _header.Derived("Expansion ROM");
            Assert.Equal(_header.Flag(register, "Enable"), !line.Contains("[disabled]", StringComparison.Ordinal));
            uint address = _header.Number(register, "Address") << 11;
            Assert.StartsWith(address == 0 ? "<unassigned>" : $"{address:x8}", line, StringComparison.Ordinal);
            _text.Append($"\tExpansion ROM at {line}\n");
        }
    }

    private void WriteBridge()
    {
        WriteRegions(2);
        _header.Write(
            "",
            "\tBus: primary={PRIMARY_BUS/*:x2}, secondary={SECONDARY_BUS/*:x2}, subordinate={SUBORDINATE_BUS/*:x2}, "
            + "sec-latency={SEC_LATENCY_TIMER/*}\n");
        foreach ((string name, string short_) in new[]
        {
            ("I/O behind bridge", "I/O"),
            ("Memory behind bridge", "memory"),
            ("Prefetchable memory behind bridge", "prefetchable memory"),
        })
        {
            string line = HugeSize().Replace(_header.Derived(name), size =>
                $"[size={uint.CreateTruncating(ulong.Parse(size.Groups[1].Value, CultureInfo.InvariantCulture))}");
            string unknown = "unknown range types ";
            _text.Append(line.StartsWith(unknown, StringComparison.Ordinal)
                ? $"\t!!! Unknown {short_} range types {line[unknown.Length..]}\n"
                : $"\t{name}: {line}\n");
        }

        UseWindowRegisters();
        _header.Write(
            "SEC_STATUS",
            "\tSecondary status: +66MHz +FastB2B +ParErr DEVSEL={DEVSEL} +>TAbort +<TAbort +<MAbort +<SERR +<PERR\n");
        WriteRom("BRIDGE_ROM_ADDRESS");
        _header.Write(
            "BRIDGE_CONTROL",
            "\tBridgeCtl: +Parity +SERR +NoISA +VGA +VGA16 +MAbort +>Reset +FastB2B\n"
            + "\t\t+PriDiscTmr +SecDiscTmr +DiscTmrStat +DiscTmrSERREn\n");
    }

    [GeneratedRegex(@"\[size=([0-9]{10,})")]
    private static partial Regex HugeSize();

    // The fields of the windows must give the addresses of the derived line.
    private void UseWindowRegisters()
    {
        uint io = _header.Number("IO_BASE", "Type");
        if (io <= 1 && io == _header.Number("IO_LIMIT", "Type"))
        {
            ulong first = (io == 1 ? (ulong)_header.Number("IO_BASE_UPPER16") << 16 : 0)
                | _header.Number("IO_BASE", "Base") << 12;
            ulong last = (io == 1 ? (ulong)_header.Number("IO_LIMIT_UPPER16") << 16 : 0)
                | _header.Number("IO_LIMIT", "Limit") << 12
                | 0xfff;
            AssertRange("I/O behind bridge", first, last, io == 1 ? "x8" : "x4");
        }

        if (!_header.Derived("Memory behind bridge").StartsWith("unknown", StringComparison.Ordinal))
        {
            AssertRange(
                "Memory behind bridge",
                _header.Number("MEMORY_BASE", "Base") << 20,
                _header.Number("MEMORY_LIMIT", "Limit") << 20 | 0xfffffu,
                "x8");
        }

        uint type = _header.Number("PREF_MEMORY_BASE", "Type");
        if (type <= 1 && type == _header.Number("PREF_MEMORY_LIMIT", "Type"))
        {
            ulong first = (type == 1 ? (ulong)_header.Number("PREF_BASE_UPPER32") << 32 : 0)
                | _header.Number("PREF_MEMORY_BASE", "Base") << 20;
            ulong last = (type == 1 ? (ulong)_header.Number("PREF_LIMIT_UPPER32") << 32 : 0)
                | _header.Number("PREF_MEMORY_LIMIT", "Limit") << 20
                | 0xfffffu;
            AssertRange("Prefetchable memory behind bridge", first, last, type == 1 ? "x16" : "x8");
        }
    }

    private void AssertRange(string name, ulong first, ulong last, string format) => Assert.StartsWith(
        $"{first.ToString(format, CultureInfo.InvariantCulture)}-{last.ToString(format, CultureInfo.InvariantCulture)}",
        _header.Derived(name),
        StringComparison.Ordinal);

    private void WriteCardBus()
    {
        WriteRegions(1);
        _header.Write(
            "",
            "\tBus: primary={CB_BUS_NUMBER/*:x2}, secondary={CB_CARDBUS_NUMBER/*:x2}, "
            + "subordinate={CB_SUBORDINATE_BUS/*:x2}, sec-latency={CB_CARDBUS_LATENCY/*}\n");
        for (int i = 0; i < 2; i++)
        {
            string window = _header.Derived($"Memory window {i}");
            Assert.StartsWith(
                $"{_header.Number($"CB_MEMORY_BASE_{i}"):x8}"
                + $"-{unchecked(_header.Number($"CB_MEMORY_LIMIT_{i}") + 0xfff):x8}",
                window,
                StringComparison.Ordinal);
            Assert.Equal(
                _header.Flag("CB_BRIDGE_CONTROL", $"Prefetch{i}"),
                window.EndsWith(" (prefetchable)", StringComparison.Ordinal));
            _text.Append($"\tMemory window {i}: {window}\n");
        }

        for (int i = 0; i < 2; i++)
        {
            uint mask = _header.Flag($"CB_IO_BASE_{i}", "32bit") ? uint.MaxValue : 0xffff;
            string window = _header.Derived($"I/O window {i}");
            Assert.StartsWith(
                $"{_header.Number($"CB_IO_BASE_{i}", "Base") << 2 & mask:x8}"
                + $"-{(_header.Number($"CB_IO_LIMIT_{i}", "Limit") << 2 & mask) + 3:x8}",
                window,
                StringComparison.Ordinal);
            _text.Append($"\tI/O window {i}: {window}\n");
        }

        WriteIf(_header.Flag("CB_SEC_STATUS", "SERR"), "\tSecondary status: SERR\n");
        _header.Write("CB_BRIDGE_CONTROL", "\tBridgeCtl: +Parity +SERR +ISA +VGA +MAbort +>Reset +16bInt +PostWrite\n");
        if (ImageLength < 128)
        {
            _text.Append("\t<access denied to the rest>\n");
        }
        else
        {
            uint ports = _header.Number("CB_LEGACY_MODE_BASE") & 0xffff;
            WriteIf(ports != 0, $"\t16-bit legacy interface ports at {ports:x4}\n");
        }
    }

    private void WriteIf(bool condition, string line) => _text.Append(condition ? line : "");
}
