using System.Diagnostics;
using System.Runtime.CompilerServices;
using Vfio.Guard;

// vfio-guard            runs all checks, each in its own process; exits with 1 if one fails
// vfio-guard CHECK      runs one of them in this process
if (args.Length != 0)
{
    return Checks.Run(args[0]);
}

int failures = 0;
Console.WriteLine($"compiled {(RuntimeFeature.IsDynamicCodeSupported ? "just in time" : "ahead of time")}");
foreach (string check in Checks.ThatLive)
{
    Report(check, Start(check), expected: 0);
}

// A signal that ends the process without the guard also ends it with the guard, in the same way.
foreach (string check in Checks.ThatEnd)
{
    Report($"guarded-{check}", Start($"guarded-{check}"), Start(check));
}

return failures == 0 ? 0 : 1;

void Report(string check, int exitCode, int expected)
{
    bool isRight = exitCode == expected;
    failures += isRight ? 0 : 1;
    Console.WriteLine(
        $"{(isRight ? "ok   " : "FAIL ")} {check}: exit code {exitCode}{(isRight ? "" : $", not {expected}")}");
}

static int Start(string check)
{
    // A child that is expected to end by a signal must not write a core file, and the runtime's message about its end
    // is not needed.
    ProcessStartInfo start = new("/bin/sh", ["-c", "ulimit -c 0; exec \"$@\"", "sh", Environment.ProcessPath!, check])
    {
        RedirectStandardError = Checks.ThatEnd.Any(end => check.EndsWith(end, StringComparison.Ordinal)),
    };
    using Process process = Process.Start(start)!;
    if (start.RedirectStandardError)
    {
        _ = process.StandardError.ReadToEnd();
    }

    if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
    {
        process.Kill();
        process.WaitForExit();
    }

    return process.ExitCode;
}
