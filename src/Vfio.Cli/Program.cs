using Microsoft.Win32.SafeHandles;
using Vfio.Host;

namespace Vfio.Cli;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        OccupyStandardDescriptors();
        if (arguments is [Elevation.HelperVerb])
        {
            return WriteAttributes();
        }

        int code = VfioCommandLine.Run(arguments, CliHost.Running());
        Terminal.LeaveKeypadMode();
        return code;
    }

    private static int WriteAttributes()
    {
        try
        {
            BindingHelper.Run(Console.OpenStandardInput(), Console.OpenStandardOutput());
        }
        catch (IOException)
        {
            // The command that asked has ended.
        }

        return ExitCode.Done;
    }

    // Started with some of them closed (">&-"), the next file that is opened would get the number: a device's node could be the standard output.
    private static void OccupyStandardDescriptors()
    {
        const int LastStandard = 2;
        try
        {
            while (true)
            {
                SafeFileHandle file = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
                if (file.DangerousGetHandle() > LastStandard)
                {
                    file.Dispose();
                    return;
                }

                file.SetHandleAsInvalid(); // nobody's, and open as long as the process lives
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without /dev/null, as in a bare container: what is closed is found closed.
        }
    }
}
