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
            // The command that started this process has ended.
        }

        return ExitCode.Done;
    }

    // If the process was started with some of them closed (">&-"), the next file that is opened would get that number,
    // and a device node could become standard output.
    private static void OccupyStandardDescriptors()
    {
        const int LastStandard = 2;
        try
        {
            while (true)
            {
                SafeFileHandle file = File.OpenHandle(
                    "/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
                if (file.DangerousGetHandle() > LastStandard)
                {
                    file.Dispose();
                    return;
                }

                file.SetHandleAsInvalid(); // has no owner, and stays open as long as the process runs
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There is no /dev/null, as in a minimal container; the descriptors stay closed.
        }
    }
}
