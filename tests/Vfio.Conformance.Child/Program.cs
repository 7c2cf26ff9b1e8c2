using Vfio;
using Vfio.Conformance.Child;

// child VERB ADDRESS BACKEND does what one test needs done in another process; ADDRESS is a PCI address or the UUID of
// a mediated device.
//
// Reports what was done on standard output and exits 0, or gives the reason on standard error and exits 1. Exits 2 if
// the command line is wrong.
if (args.Length != 3 || !Enum.TryParse(args[2], out VfioBackend backend))
{
    Console.Error.WriteLine("usage: child VERB ADDRESS BACKEND, as tests/Vfio.Conformance.Tests starts it");
    return 2;
}

try
{
    switch (args[0])
    {
        case "allocate": UserWork.Allocate(args[1], backend); break;
        case "transfer": UserWork.Transfer(args[1], backend); break;
        case "be-refused": UserWork.BeRefused(args[1], backend); break;
        case "be-refused-mediated": UserWork.BeRefusedMediated(args[1], backend); break;
        case "save": HalfWay.Save(args[1], backend); break;
        case "restore": HalfWay.Restore(args[1], backend); break;
        default:
            Console.Error.WriteLine($"child: unknown verb '{args[0]}'");
            return 2;
    }

    return 0;
}
catch (Exception failure)
{
    Console.Error.WriteLine($"child: {args[0]} of {args[1]} through {backend}: {failure}");
    return 1;
}
