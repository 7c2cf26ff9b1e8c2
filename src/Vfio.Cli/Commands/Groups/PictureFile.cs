namespace Vfio.Cli;

/// <summary>Puts a picture where it is wanted: on standard output, or whole into a file.</summary>
internal static class PictureFile
{
    public const string StandardOutput = "-";

    public static void Write(CliHost host, string file, Action<TextWriter> write)
    {
        if (file == StandardOutput)
        {
            write(host.Out);
            return;
        }

        OutputFile.WriteWhole("groups", file, write);
    }
}
