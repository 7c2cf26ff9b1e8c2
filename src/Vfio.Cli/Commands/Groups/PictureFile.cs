namespace Vfio.Cli;

/// <summary>Writes a picture to standard output, or to a file, which appears only when it is complete.</summary>
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
