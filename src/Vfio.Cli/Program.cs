namespace Vfio.Cli;

internal static class Program
{
    private static int Main(string[] arguments) => VfioCommandLine.Run(arguments, CliHost.Running());
}
