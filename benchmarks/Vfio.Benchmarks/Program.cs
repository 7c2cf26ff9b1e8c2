using Vfio.Benchmarks;

switch (args)
{
    case ["registers", string library]:
        return RegisterBenchmark.Run(library);
    case ["accesses"]:
        SingleAccess.Warm();
        return 0;
    case ["judge", string listing]:
        return DisassemblyJudge.Run(File.ReadAllText(listing));
    default:
        Console.Error.WriteLine("Vfio.Benchmarks: is started by benchmarks/run and benchmarks/disassembly");
        return 2;
}
