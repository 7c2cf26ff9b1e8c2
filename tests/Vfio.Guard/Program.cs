using System.Diagnostics;
using System.Runtime.CompilerServices;
using Vfio.Guard;

// vfio-guard            all checks, each in a process of its own; exits 1 where one fails
// vfio-guard CHECK      one of them, in this process
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

// What ends the process without the guard ends it in the same way with it.
foreach (string check in Checks.ThatEnd)
{
    Report($"guarded-{check}", Start($"guarded-{check}"), Start(check));
}

return failures == 0 ? 0 : 1;

void Report(string check, int exitCode, int expected)
{
    bool isRight = exitCode == expected;
    failures += isRight ? 0 : 1;
    Console.WriteLine($"{(isRight ? "ok   " : "FAIL ")} {check}: exit code {exitCode}{(isRight ? "" : $", not {expected}")}");
}

static int Start(string check)
{
    // A child that is to end by a signal leaves no core file, and what the runtime says of its end is of no interest.
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
