using Vfio;
using Vfio.Benchmarks;
using Vfio.Emulation;

using BoardModel board = new();
using VfioDevice device = board.Open();
using Region memory = device.OpenRegion(RegionIndex.Bar2);
using EduModel edu = new();
using VfioDevice eduDevice = edu.Open();
using Region registers = eduDevice.OpenRegion(RegionIndex.Bar0);
Baseline c = new(args[0], BoardModel.MemoryLength);
c.Fill(BoardModel.Chain());
void P(string name, Func<ulong, ulong> a, Func<ulong, ulong> b)
{
    Measurement m = Measurement.Of(a, b);
    Console.WriteLine($"{name,-20} {m.CNanoseconds,8:0.000} {m.Nanoseconds,8:0.000} {m.Ratio,6:0.00} {m.Allocated}");
}
P("chain8", c.OnMemory("chain8", 0), n => DriverLoops.Chain8(memory, 0, n));
P("chain16", c.OnMemory("chain16", 0), n => DriverLoops.Chain16(memory, 0, n));
P("chain32", c.OnMemory("chain32", 0), n => DriverLoops.Chain32(memory, 0, n));
P("chain64", c.OnMemory("chain64", 0), n => DriverLoops.Chain64(memory, 0, n));
P("read32", c.OnMemory("read32", 512), n => DriverLoops.Read32(memory, 512, n));
P("write32", c.OnMemory("write32", 512), n => DriverLoops.Write32(memory, 512, n));
P("update32", c.OnMemory("update32", 512), n => DriverLoops.Update32(memory, 512, n));
P("trapped read", c.OnDevice("trapped_read", 0), n => DriverLoops.TrappedRead(registers, 0, n));
P("trapped write", c.OnDevice("trapped_write", 4), n => DriverLoops.TrappedWrite(registers, 4, n));
