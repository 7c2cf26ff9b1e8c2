using System.Diagnostics;

namespace Vfio.Abi.Tests;

/// <summary>The C compiler of this host.</summary>
internal sealed class CCompiler
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly string _path;

    private CCompiler(string path) => _path = path;

    public static IReadOnlyList<string> Candidates { get; } = ["cc", "gcc", "clang"];

    /// <summary>Finds the first compiler on a search path; returns <see langword="null"/> if none exists.</summary>
    public static CCompiler? Find(string? searchPath) =>
        Candidates
            .SelectMany(name => (searchPath ?? "")
                .Split(':', StringSplitOptions.RemoveEmptyEntries)
                .Select(folder => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists) is string path ? new CCompiler(path) : null;

    /// <summary>Compiles a program, or only checks whether it would compile.</summary>
    /// <returns>The exit code and the output of the compiler.</returns>
    public (int ExitCode, string Errors) Compile(string source, string? output, IReadOnlyList<string> includeFolders)
    {
        List<string> arguments = ["-std=gnu11", "-Werror=implicit-function-declaration", "-fno-diagnostics-color"];
        foreach (string folder in includeFolders)
        {
            arguments.AddRange(["-I", folder]);
        }

        arguments.AddRange(output is null ? ["-fsyntax-only", source] : [source, "-o", output]);
        (int exitCode, _, string errors) = Run(_path, arguments);
        return (exitCode, errors);
    }

    public static (int ExitCode, string Output, string Errors) Run(string program, IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start =
            new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C"; // this program parses the compiler's output
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(Patience))
        {
            process.Kill();
            throw new TimeoutException($"{program} did not end within {Patience}");
        }

        return (process.ExitCode, output, errors.GetAwaiter().GetResult());
    }
}
