using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Vfio.Guard;

/// <summary>
/// Contains what may happen to a process, by name. A check returns 0; a check that is expected to end the process never
/// returns.
/// </summary>
internal static unsafe partial class Checks
{
    private const int SIGBUS = 7;

    public static readonly string[] ThatLive =
        ["covers", "threads", "null", "other-faults-later", "many-threads-at-once"];

    /// <summary>Run with and without the guard.</summary>
    public static readonly string[] ThatEnd =
    [
        "foreign-fault", "sent-signal", "sent-to-thread", "ignored-and-sent", "ignored-and-fault", "default-and-sent",
        "default-and-fault", "own-handler",
    ];

    // More rounds with ./test.sh --soak.
    private static bool IsSoak => Environment.GetEnvironmentVariable("VFIO_SOAK") == "1";

    public static int Run(string check)
    {
        const string Guarded = "guarded-";
        if (check.StartsWith(Guarded, StringComparison.Ordinal))
        {
            return End(check[Guarded.Length..], isGuarded: true);
        }

        return check switch
        {
            "covers" => Covers(),
            "threads" => Threads(),
            "null" => NullReference(),
            "other-faults-later" => OtherFaultsLater(),
            "many-threads-at-once" => ManyThreadsAtOnce(),
            _ => End(check, isGuarded: false),
        };
    }

    private static int Covers()
    {
        using TruncatedMemory memory = new(guarded: true);
        int wrong = 0;
        for (int round = 0; round < (IsSoak ? 1000 : 100); round++)
        {
            memory.TakeAway();
            wrong += Differs(ulong.MaxValue, Volatile.Read(ref *(ulong*)memory.Start));
            Volatile.Write(ref *(uint*)(memory.Start + 0x100), 5);
            wrong += Differs(5, Volatile.Read(ref *(uint*)(memory.Start + 0x100)));
            wrong += Differs(1, memory.IsCovered ? 1u : 0);
            memory.GiveBack((uint)round);
            wrong += Differs((uint)round, Volatile.Read(ref *(uint*)memory.Start));
            wrong += Differs(0, Volatile.Read(ref *(uint*)(memory.Start + 0x100)));
            wrong += Differs(0, memory.IsCovered ? 1u : 0);
        }

        return wrong;
    }

    // Two threads read at least a million times each, while a third one collects garbage and this one unmaps and maps
    // the memory.
    private static int Threads()
    {
        const int Reads = 1_000_000;
        int enough = IsSoak ? 200 : 60;
        using TruncatedMemory memory = new(guarded: true);
        memory.GiveBack(TruncatedMemory.Value);
        using ManualResetEventSlim done = new();
        int wrong = 0;
        long ones = 0;
        int left = 2;
        int rounds = 0;
        long reads = 0;
        byte* start = memory.Start;
        Thread[] readers = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            int seen = 0;
            int i = 0;
            for (; i < Reads || Volatile.Read(ref rounds) < enough; i++)
            {
                uint value = Volatile.Read(ref *(uint*)(start + (nuint)(i % 3 * MemoryGuard.Piece)));
                seen += value == uint.MaxValue ? 1 : 0;
                if (value is not (uint.MaxValue or TruncatedMemory.Value or 0))
                {
                    Interlocked.Increment(ref wrong);
                }
            }

            Interlocked.Add(ref ones, seen);
            Interlocked.Add(ref reads, i);
            if (Interlocked.Decrement(ref left) == 0)
            {
                done.Set();
            }
        }))];
        Thread collector = new(() =>
        {
            List<byte[]> kept = [];
            while (!done.IsSet)
            {
                kept.Add(new byte[1000]);
                if (kept.Count == 1000)
                {
                    kept.Clear();
                    GC.Collect();
                }
            }
        });
        Array.ForEach(readers, thread => thread.Start());
        collector.Start();
        int recovered = 0;
        int coveredAgain = 0;
        while (!done.IsSet)
        {
            memory.TakeAway();
            Thread.Sleep(rounds % 3);
            recovered += memory.GiveBack(TruncatedMemory.Value) ? 1 : 0;
            // A fault from before, which is delivered only now, must not cover the area again.
            Thread.Sleep(1);
            coveredAgain += memory.IsCovered ? 1 : 0;
            Interlocked.Increment(ref rounds);
        }

        Array.ForEach(readers, thread => thread.Join());
        collector.Join();
        _ = memory.GiveBack(TruncatedMemory.Value);
        Console.WriteLine($"      threads: taken away {rounds} times, recovered {recovered} times at once, covered "
            + $"again {coveredAgain} times, {ones} of {reads} reads gave ones, {GC.CollectionCount(2)} collections");
        return wrong
            + (ones > 0 && recovered == rounds && coveredAgain == 0 ? 0 : 1)
            + Differs(TruncatedMemory.Value, Volatile.Read(ref *(uint*)start));
    }

    private static int NullReference()
    {
        using TruncatedMemory memory = new(guarded: true);
        memory.TakeAway();
        int caught = 0;
        for (int i = 0; i < 1000; i++)
        {
            try
            {
                _ = LengthOf(null!);
            }
            catch (NullReferenceException)
            {
                caught++;
            }

            _ = Volatile.Read(ref *(uint*)memory.Start);
        }

        return Differs(1000, (uint)caught);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static int LengthOf(string text) => text.Length;
    }

    // The guard of one mapping ends; another mapping, possibly at the same address, has its own guard.
    private static int OtherFaultsLater()
    {
        int wrong = 0;
        for (int i = 0; i < 5000; i++)
        {
            using TruncatedMemory memory = new(guarded: true);
            memory.TakeAway();
            wrong += Differs(uint.MaxValue, Volatile.Read(ref *(uint*)memory.Start));
            memory.End();
        }

        return wrong + Differs(0, (uint)MemoryGuard.Pieces);
    }

    private static int ManyThreadsAtOnce()
    {
        const int Count = 32;
        using TruncatedMemory memory = new(guarded: true);
        int wrong = 0;
        byte* start = memory.Start;
        for (int round = 0; round < 20; round++)
        {
            memory.TakeAway();
            using Barrier barrier = new(Count);
            Thread[] threads = [.. Enumerable.Range(0, Count).Select(i => new Thread(() =>
            {
                barrier.SignalAndWait();
                Interlocked.Add(ref wrong, Differs(uint.MaxValue, Volatile.Read(ref *(uint*)start)));
            }))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
            wrong += memory.GiveBack(1) ? 0 : 1;
            wrong += Differs(1, Volatile.Read(ref *(uint*)start));
        }

        return wrong;
    }

    // The process ends here, or returns its own exit code if the signal is ignored or handled.
    private static int End(string check, bool isGuarded)
    {
        if (check == "own-handler")
        {
            // Ends the process with the number of the signal: _exit, called as a handler.
            Handle(NativeLibrary.GetExport(NativeLibrary.Load("libc.so.6"), "_exit"));
        }
        else if (check.StartsWith("ignored", StringComparison.Ordinal)
            || check.StartsWith("default", StringComparison.Ordinal))
        {
            Handle(check.StartsWith("ignored", StringComparison.Ordinal) ? 1 : 0);
        }

        using TruncatedMemory memory = new(isGuarded);
        if (isGuarded)
        {
            memory.TakeAway();
            if (Volatile.Read(ref *(uint*)memory.Start) != uint.MaxValue)
            {
                return 3;
            }
        }

        if (check is "foreign-fault" or "ignored-and-fault" or "default-and-fault" or "own-handler")
        {
            using TruncatedMemory foreign = new(guarded: false);
            foreign.TakeAway();
            return Differs(0, Volatile.Read(ref *(uint*)foreign.Start)) | 4;
        }

        _ = check == "sent-to-thread" ? Raise(SIGBUS) : Kill(Environment.ProcessId, SIGBUS);
        Thread.Sleep(TimeSpan.FromSeconds(1));
        return 5;
    }

    private static void Handle(nint handler)
    {
        Libc.sigaction action = default;
        action.sa_handler = handler;
        action.sa_flags = Libc.SA_SIGINFO;
        _ = Libc.SigAction(SIGBUS, &action, null);
    }

    private static int Differs(ulong expected, ulong value, [CallerLineNumber] int line = 0)
    {
        if (expected != value)
        {
            Console.WriteLine($"      line {line}: 0x{value:x}, not 0x{expected:x}");
        }

        return expected == value ? 0 : 1;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "raise")]
    private static partial int Raise(int signal);
}
