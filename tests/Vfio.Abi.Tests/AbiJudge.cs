using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Vfio.Abi.Tests;

/// <summary>
/// Writes, compiles and runs C programs that print the true value of each item, one program for each set of headers.
/// Compiling first finds out what the headers lack; any other error of the compiler is a failure.
/// </summary>
internal sealed partial class AbiJudge(CCompiler compiler, string? uapiFolder)
{
    // Newer kernel headers than the system's mark arrays by macros that the system's lack.
    private const string KernelHeaders = """
        #include <stddef.h>
        #include <stdio.h>
        #include <linux/types.h>
        #include <linux/stddef.h>
        #ifndef __counted_by
        #define __counted_by(member)
        #endif
        #ifndef __counted_by_le
        #define __counted_by_le(member)
        #endif
        #ifndef __counted_by_be
        #define __counted_by_be(member)
        #endif
        #include <linux/vfio.h>
        #if __has_include(<linux/iommufd.h>)
        #include <linux/iommufd.h>
        #endif
        #if __has_include(<linux/pci_regs.h>)
        #include <linux/pci_regs.h>
        #endif
        #include <linux/if.h>
        #include <linux/in.h>
        #include <linux/sockios.h>
        #include <linux/posix_acl.h>
        #include <linux/posix_acl_xattr.h>
        """;

    private const string CLibraryHeaders = """
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <grp.h>
        #include <poll.h>
        #include <pwd.h>
        #include <sched.h>
        #include <signal.h>
        #include <stddef.h>
        #include <stdio.h>
        #include <sys/epoll.h>
        #include <sys/eventfd.h>
        #include <sys/file.h>
        #include <sys/ioctl.h>
        #include <sys/mman.h>
        #include <sys/resource.h>
        #include <sys/socket.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <sys/timerfd.h>
        #include <sys/uio.h>
        #include <sys/un.h>
        #include <time.h>
        #include <unistd.h>
        """;

    /// <summary>Checks whether the headers exist; returns <see langword="null"/>, or what is wrong.</summary>
    public string? Complaint()
    {
        if (uapiFolder is null)
        {
            return null;
        }

        string header = Path.Combine(uapiFolder, "linux", "vfio.h");
        return File.Exists(header) ? null : $"VFIO_UAPI_DIR is {uapiFolder}, but {header} is not there";
    }

    public Verdict Judge(IEnumerable<AbiItem> items)
    {
        List<string> agreed = [];
        List<string> absent = [];
        List<string> wrong = [];
        DirectoryInfo folder = Directory.CreateTempSubdirectory("vfio-abi-");
        try
        {
            foreach (IGrouping<HeaderSet, AbiItem> group in items.GroupBy(item => item.Headers))
            {
                AbiItem[] all = [.. group];
                HashSet<int> missing = FindAbsent(folder, group.Key, all);
                HashSet<string?> incomplete = [.. missing.Select(index => all[index].Structure)];
                Dictionary<int, string> truth = Ask(folder, group.Key, all, missing);
                for (int i = 0; i < all.Length; i++)
                {
                    if (missing.Contains(i))
                    {
                        absent.Add(all[i].Name);
                    }
                    else if (Agrees(all[i], truth[i], incomplete))
                    {
                        agreed.Add(all[i].Name);
                    }
                    else
                    {
                        wrong.Add($"{all[i].Name} is {all[i].Value}, but C says {truth[i]} ({all[i].Expression})");
                    }
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        return new Verdict(agreed, absent, wrong);
    }

    // The kernel appends members to its structures. With headers older than the library, and with newer ones that use
    // reserved space, the kernel's structure must fit into the library's.
    private static bool Agrees(AbiItem item, string truth, HashSet<string?> incomplete) =>
        item.Value == truth
        || (item.IsWholeSize && incomplete.Contains(item.Structure)
            && ulong.Parse(truth, CultureInfo.InvariantCulture)
                <= ulong.Parse(item.Value, CultureInfo.InvariantCulture));

    private HashSet<int> FindAbsent(DirectoryInfo folder, HeaderSet headers, AbiItem[] items)
    {
        string source = WriteProgram(folder, headers, items, []);
        (int exitCode, string errors) = compiler.Compile(source, null, Includes());
        HashSet<int> absent = [];
        if (exitCode == 0)
        {
            return absent;
        }

        foreach (string line in errors.Split('\n').Where(line => ErrorLine().IsMatch(line)))
        {
            Match error = ErrorLine().Match(line);
            if (error.Groups[1].Value != "item" || !Absence().IsMatch(error.Groups[3].Value))
            {
                throw new InvalidOperationException(
                    $"the C compiler complains about more than absent items:\n{errors}");
            }

            absent.Add(int.Parse(error.Groups[2].Value, CultureInfo.InvariantCulture) - 1);
        }

        return absent.Count != 0 ? absent : throw new InvalidOperationException($"the C compiler failed:\n{errors}");
    }

    private Dictionary<int, string> Ask(DirectoryInfo folder, HeaderSet headers, AbiItem[] items, HashSet<int> absent)
    {
        string source = WriteProgram(folder, headers, items, absent);
        string program = Path.ChangeExtension(source, ".out");
        (int exitCode, string errors) = compiler.Compile(source, program, Includes());
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"the C compiler failed:\n{errors}");
        }

        (exitCode, string output, errors) = CCompiler.Run(program, []);
        return exitCode == 0
            ? output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('='))
                .ToDictionary(parts => int.Parse(parts[0], CultureInfo.InvariantCulture), parts => parts[1])
            : throw new InvalidOperationException($"the C program ended with {exitCode}: {errors}");
    }

    // Each item is its own function with its own line number, because compilers report an unknown name only once per
    // function.
    private static string WriteProgram(DirectoryInfo folder, HeaderSet headers, AbiItem[] items, HashSet<int> absent)
    {
        StringBuilder text = new();
        text.AppendLine(headers == HeaderSet.Kernel ? KernelHeaders : CLibraryHeaders);
        int[] present = [.. Enumerable.Range(0, items.Length).Where(i => !absent.Contains(i))];
        foreach (int i in present)
        {
            string type = items[i].IsSigned ? "long long" : "unsigned long long";
            string format = items[i].IsSigned ? "%lld" : "%llu";
            text.AppendLine(CultureInfo.InvariantCulture, $"#line {i + 1} \"item\"");
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"static void item{i}(void) {{ printf(\"{i}={format}\\n\", ({type})({items[i].Expression})); }}");
        }

        text.AppendLine("int main(void) {");
        foreach (int i in present)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"item{i}();");
        }

        text.AppendLine("return 0; }");
        string path = Path.Combine(folder.FullName, $"{headers}.c");
        File.WriteAllText(path, text.ToString());
        return path;
    }

    private string[] Includes() => uapiFolder is null ? [] : [uapiFolder];

    [GeneratedRegex(@"^(.+?):(\d+):(?:\d+:)? (?:fatal )?error: (.*)$")]
    private static partial Regex ErrorLine();

    // The messages of gcc, then those of clang.
    [GeneratedRegex(
        @"undeclared|has no member named|incomplete type|undefined type|no member named|undeclared identifier")]
    private static partial Regex Absence();
}
