using System.Runtime.CompilerServices;

namespace Vfio.Cli.Tests;

internal static class ThreadPoolSize
{
    // Commands block the pool's threads, and the runtime tells of signals on others: with two processors it may be seconds before there is one.
    [ModuleInitializer]
    internal static void Raise() => ThreadPool.SetMinThreads(16, 16);
}
