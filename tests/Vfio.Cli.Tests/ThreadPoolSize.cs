using System.Runtime.CompilerServices;

namespace Vfio.Cli.Tests;

internal static class ThreadPoolSize
{
    // Commands block threads of the pool, and the runtime delivers signals on others. With two processors it may take
    // seconds until one is free.
    [ModuleInitializer]
    internal static void Raise() => ThreadPool.SetMinThreads(16, 16);
}
