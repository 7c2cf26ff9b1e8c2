using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Vfio.Emulation;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Benchmarks;

/// <summary>
/// Measures the time from an interrupt to its handler, for each way to wait, compared with C on the same eventfd,
/// signalled by the same thread (benchmarks/baseline/interrupts.c).
/// </summary>
internal sealed class InterruptBenchmark : IDisposable
{
    private const double MostRatio = 1.15;
    private const int Rounds = 41;
    private const ulong InterruptRaise = 0x60; // edu: "EDU device", QEMU's docs/specs/edu
    private static readonly double[] Percentiles = [50, 90, 99, 99.9, 99.99, 100];

    private readonly nint _library;
    private readonly VfioDevice _device;
    private readonly nint _register;
    private readonly int _waits; // per round
    private readonly Want _want;
    private readonly Start _start;

    private InterruptBenchmark(string library, VfioDevice device, nint register, int waits)
    {
        _library = NativeLibrary.Load(Path.GetFullPath(library));
        _device = device;
        _register = register;
        _waits = waits;
        _want = Marshal.GetDelegateForFunctionPointer<Want>(NativeLibrary.GetExport(_library, "source_want"));
        _start = Marshal.GetDelegateForFunctionPointer<Start>(NativeLibrary.GetExport(_library, "source_start"));
    }

    private delegate void Want(nint source);

    private delegate long Start(nint source);

    /// <summary>Measures on this host: a thread writes the eventfd of a device model's vector.</summary>
    /// <returns>The exit code: 1 if a budget is missed.</returns>
    public static int Run(string library, int waits)
    {
        using EduModel edu = new();
        using InterruptBenchmark benchmark = new(library, edu.Open(), 0, waits);
        Console.WriteLine($"an eventfd, written by another thread ({Rounds * waits} waits in each way)");
        return benchmark.Run();
    }

    /// <summary>Measures in the machine: QEMU's edu interrupts by MSI.</summary>
    /// <returns>The exit code: 1 if a budget is missed.</returns>
    public static unsafe int Run(string library, int waits, PciAddress address)
    {
        using DriverBinding binding = DriverBinding.Bind(address);
        string node = Path.GetFileName(Directory.GetDirectories($"/sys/bus/pci/devices/{address}/vfio-dev")[0]);
        Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(
            $"/dev/vfio/devices/{node}", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        int number = (int)file.DangerousGetHandle();
        Microsoft.Win32.SafeHandles.SafeFileHandle iommufd = File.OpenHandle(
            "/dev/iommu", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        VfioDevice device = VfioDevice.FromHandles(address, DeviceHandles.FromDevice(file, iommufd));
        device.SetBusMaster(true);
        nint library2 = NativeLibrary.Load(Path.GetFullPath(library));
        nint bar0 = ((delegate* unmanaged<int, nint>)NativeLibrary.GetExport(library2, "source_map"))(number);
        using (InterruptBenchmark benchmark = new(library, device, bar0 + (nint)InterruptRaise, waits))
        {
            Console.WriteLine($"an MSI of edu ({Rounds * waits} waits in each way)");
            int code = benchmark.Run();
            ((delegate* unmanaged<nint, void>)NativeLibrary.GetExport(library2, "source_unmap"))(bar0);
            return code;
        }
    }

    public void Dispose() => _device.Dispose();

    private int Run()
    {
        IEnumerable<string> titles = Percentiles
            .Select(p => p == 100 ? "most" : string.Create(CultureInfo.InvariantCulture, $"p{p}"));
        Console.WriteLine($"  {"",-26}{"",4}{string.Concat(titles.Select(title => $"{title,10}"))}  us");
        bool isMet = true;
        isMet &= Measure(
            "blocking",
            "wait_read",
            new InterruptOptions(),
            (vector, source, samples) => Blocking(vector, source, samples, TimeSpan.Zero),
            MostRatio);
        isMet &= Measure(
            "spinning",
            "wait_spin",
            new InterruptOptions(),
            (vector, source, samples) => Blocking(vector, source, samples, TimeSpan.FromSeconds(1)),
            MostRatio);
        isMet &= Measure(
            "async, inline",
            "wait_epoll",
            new InterruptOptions { RunContinuationsInline = true },
            Awaiting,
            most: null);
        isMet &= Measure("async, handed over", "wait_handover", new InterruptOptions(), Awaiting, MostRatio);
        return isMet ? 0 : 1;
    }

    private unsafe bool Measure(
        string name, string cName, InterruptOptions options, Action<InterruptVector, nint, long[]> ours, double? most)
    {
        using InterruptVector vector = _device.Interrupts.Enable(IrqIndex.Msi, options: options);
        nint source = ((delegate* unmanaged<int, nint, nint>)NativeLibrary.GetExport(_library, "source_create"))(
            (int)vector.EventFd.DangerousGetHandle(), _register);
        delegate* unmanaged<nint, long*, ulong, void> c =
            (delegate* unmanaged<nint, long*, ulong, void>)NativeLibrary.GetExport(_library, cName);
        List<long> cAll = new(Rounds * _waits);
        List<long> all = new(Rounds * _waits);
        double[] ratios = new double[Rounds];
        long[] samples = new long[_waits];
        long allocated = long.MaxValue;
        for (int warm = 0; warm < 4; warm++)
        {
            ours(vector, source, samples);
            Thread.Sleep(Measurement.CompilerRest);
        }

        for (int round = 0; round < Rounds; round++)
        {
            double cMedian = 0;
            double median = 0;
            for (int half = 0; half < 2; half++)
            {
                if ((round + half) % 2 == 0)
                {
                    fixed (long* start = samples)
                    {
                        c(source, start, (ulong)_waits);
                    }

                    cMedian = Median(samples);
                    cAll.AddRange(samples);
                }
                else
                {
                    long before = GC.GetTotalAllocatedBytes(precise: true);
                    ours(vector, source, samples);
                    allocated = Math.Min(allocated, GC.GetTotalAllocatedBytes(precise: true) - before);
                    median = Median(samples);
                    all.AddRange(samples);
                }
            }

            ratios[round] = median / cMedian;
        }

        ratios.AsSpan().Sort();
        double ratio = ratios[Rounds / 2];
        // A call of an async method and its blocking end allocate once per round; a wait allocates nothing.
        bool isWithin = (most is null || ratio <= most) && allocated < _waits;
        string budget = most is double limit
            ? string.Create(CultureInfo.InvariantCulture, $", budget {limit:0.00} {(isWithin ? "ok" : "MISSED")}")
            : "";
        Console.WriteLine($"  {name,-26}{"C",4}{Show(cAll)}");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {"",-26}{"C#",4}{Show(all)}  {ratio:0.00} of C, "
            + $"{(double)Math.Max(0, allocated) / _waits:0.00} bytes a wait{budget}"));
        return isWithin;
    }

    private void Blocking(InterruptVector vector, nint source, long[] samples, TimeSpan spin)
    {
        for (int i = 0; i < samples.Length; i++)
        {
            _want(source);
            _ = vector.Wait(Timeout.InfiniteTimeSpan, spin);
            samples[i] = Stopwatch.GetTimestamp() - _start(source); // both in nanoseconds of CLOCK_MONOTONIC
        }
    }

    private void Awaiting(InterruptVector vector, nint source, long[] samples) =>
        AwaitingAsync(vector, source, samples, _want, _start).GetAwaiter().GetResult();

    private static async Task AwaitingAsync(InterruptVector vector, nint source, long[] samples, Want want, Start start)
    {
        for (int i = 0; i < samples.Length; i++)
        {
            ValueTask<ulong> wait = vector.WaitAsync();
            want(source);
            _ = await wait.ConfigureAwait(false);
            samples[i] = Stopwatch.GetTimestamp() - start(source);
        }
    }

    private static double Median(long[] samples) => samples.Order().ElementAt(samples.Length / 2);

    private static string Show(List<long> samples)
    {
        samples.Sort();
        return string.Concat(Percentiles.Select(p => string.Create(
            CultureInfo.InvariantCulture,
            $"{samples[Math.Min(samples.Count - 1, (int)(samples.Count * p / 100))] / 1000.0,10:0.0}")));
    }
}
