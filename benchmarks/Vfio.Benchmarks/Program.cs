using System.Globalization;
using Vfio.Benchmarks;
using Vfio.Pci;

switch (args)
{
    case ["registers", string library]:
        return RegisterBenchmark.Run(library);
    case ["pace", string library]:
        return PaceBenchmark.Run(library);
    case ["dma", string library, string address]:
        return DmaBenchmark.Run(library, PciAddress.Parse(address));
    case ["interrupts", string library, string waits]:
        return InterruptBenchmark.Run(library, int.Parse(waits, CultureInfo.InvariantCulture));
    case ["interrupts", string library, string waits, string address]:
        return InterruptBenchmark.Run(
            library, int.Parse(waits, CultureInfo.InvariantCulture), PciAddress.Parse(address));
    case ["accesses"]:
        SingleAccess.Warm();
        return 0;
    case ["judge", string listing]:
        return DisassemblyJudge.Run(File.ReadAllText(listing));
    default:
        Console.Error.WriteLine("Vfio.Benchmarks: start it with benchmarks/run, benchmarks/dma, benchmarks/interrupts "
            + "and benchmarks/disassembly");
        return 2;
}
