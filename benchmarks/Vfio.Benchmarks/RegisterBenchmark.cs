using Vfio.Emulation;
using Vfio.Pci;

namespace Vfio.Benchmarks;

/// <summary>Measures the cost of a register access, compared with C, and checks it against the budgets.</summary>
internal static class RegisterBenchmark
{
    private const double MostRatio = 1.10; // of a mapped access to C
    private const double MostBeyond = 1.0; // nanoseconds more than C, if C takes less than one
    private const double MostTrapped = 50; // nanoseconds
    private const string NoBudget = "-";
    private const ulong FreeRegister = 512; // not part of the chain

    /// <returns>The exit code: 1 if a budget is missed.</returns>
    public static int Run(string library)
    {
        using BoardModel board = new();
        using VfioDevice boardDevice = board.Open();
        using Region memory = boardDevice.OpenRegion(RegionIndex.Bar2);
        using EduModel edu = new();
        using VfioDevice eduDevice = edu.Open();
        using Region registers = eduDevice.OpenRegion(RegionIndex.Bar0);
        if (!memory.IsMapped || registers.IsMapped)
        {
            throw new InvalidOperationException("the memory BAR must be mapped, and edu's registers must not");
        }

        Baseline c = new(library, BoardModel.MemoryLength);
        c.Fill(BoardModel.Chain());
        Console.WriteLine($"{"",-36}{"C",10}{"C#",10}{"C#/C",6}{"bytes",6}  budget");
        bool isMet = true;

        void Measure(
            string name,
            int accesses,
            Func<ulong, ulong> inC,
            Func<ulong, ulong> ours,
            string budget,
            Func<Measurement, bool> judge)
        {
            Measurement result = Measurement.Of(inC, ours, accesses);
            bool isWithin = result.Allocated == 0 && judge(result);
            isMet &= isWithin;
            string verdict = !isWithin ? "MISSED" : budget == NoBudget ? "" : "ok";
            string row = $"  {name,-34}{result.CNanoseconds,7:0.00} ns{result.Nanoseconds,7:0.00} ns"
                + $"{result.Ratio,6:0.00}{result.Allocated,6}  {budget,-6} {verdict}";
            Console.WriteLine(row.TrimEnd());
        }

        void Mapped(string name, string function, int accesses, Func<Region, ulong, ulong, ulong> loop) => Measure(
            name,
            accesses,
            c.OnMemory(function, 0),
            count => loop(memory, 0, count),
            $"{MostRatio:0.00}",
            result => result.Ratio <= MostRatio);

        void Beside(string name, string function, Func<Region, ulong, ulong, ulong> loop) => Measure(
            name,
            1,
            c.OnMemory(function, FreeRegister),
            count => loop(memory, FreeRegister, count),
            $"C+{MostBeyond:0}ns",
            result => result.Nanoseconds - result.CNanoseconds <= MostBeyond);

        void Trapped(string name, string function, ulong offset, Func<Region, ulong, ulong, ulong> loop) => Measure(
            name,
            1,
            c.OnDevice(function, offset),
            count => loop(registers, offset, count),
            $"{MostTrapped:0} ns",
            result => result.Nanoseconds < MostTrapped);

        Console.WriteLine("mapped, each read depends on the previous one");
        Mapped("read, 8 bits", "chain8", 1, DriverLoops.Chain8);
        Mapped("read, 16 bits", "chain16", 1, DriverLoops.Chain16);
        Mapped("read, 32 bits", "chain32", 1, DriverLoops.Chain32);
        Mapped("read, 64 bits", "chain64", 1, DriverLoops.Chain64);
        Mapped("read, then write there, 8 bits", "ring8", 2, DriverLoops.Ring8);
        Mapped("read, then write there, 16 bits", "ring16", 2, DriverLoops.Ring16);
        Mapped("read, then write there, 32 bits", "ring32", 2, DriverLoops.Ring32);
        Mapped("read, then write there, 64 bits", "ring64", 2, DriverLoops.Ring64);
        Console.WriteLine("mapped, in a loop without dependencies");
        Beside("read, 32 bits", "read32", DriverLoops.Read32);
        Beside("write, 32 bits", "write32", DriverLoops.Write32);
        Measure(
            "read and write back + 1, 32 bits",
            2,
            c.OnMemory("update32", FreeRegister),
            count => DriverLoops.Update32(memory, FreeRegister, count),
            NoBudget,
            _ => true);
        Console.WriteLine("trapped: edu's registers; in C a function behind a pointer");
        Trapped("read, 32 bits", "trapped_read", 0, DriverLoops.TrappedRead);
        Trapped("write, 32 bits", "trapped_write", 4, DriverLoops.TrappedWrite);
        return isMet ? 0 : 1;
    }
}
