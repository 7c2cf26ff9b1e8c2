// Shows what the driver finds in a device, or in its device model.
using My.Card;
using Vfio;
using Vfio.Pci;

const string Usage = """
    usage: My-Card.Run ADDRESS [--stay]    an address like 0000:00:03.0
           My-Card.Run --model [--stay]    the device model

    --stay  keeps the device until the host asks for it, or until Ctrl-C
    """;

bool stays = args is [.., "--stay"];
if ((stays ? args[..^1] : args) is not [string argument] || argument is "-h" or "--help")
{
    bool isAsked = args is ["-h" or "--help"];
    (isAsked ? Console.Out : Console.Error).WriteLine(Usage);
    return isAsked ? 0 : 2;
}

try
{
    if (argument == "--model")
    {
        using MyCardModel model = new();
        using VfioDevice inProcess = model.Open();
        await Report(inProcess, stays);
        return 0;
    }

    if (!PciAddress.TryParse(argument, out PciAddress address))
    {
        return Fail(2, $"'{argument}' is not a PCI address", Usage);
    }

    using VfioDevice device = VfioDevice.Open(address);
    await Report(device, stays);
    return 0;
}
catch (VfioException e)
{
    return Fail(1, e.Message, e.Hint is null ? null : $"hint: {e.Hint}");
}
catch (Exception e) when (e is NotSupportedException or TimeoutException or IOException or OperationCanceledException)
{
    return Fail(1, e.Message);
}

static async Task Report(VfioDevice device, bool stays)
{
    const int Half = 1024 * 1024;
    using DmaBuffer memory = device.AddressSpace.Allocate(2 * Half, new DmaBufferOptions { Owner = "data" });
    using MyCardDriver driver = new(device); // disposed first: the device stops before its memory is freed
    Console.WriteLine($"My-Card at {device.Name}, through {device.BackendName}");
    Console.WriteLine(device.Dump(MyCardRegisters.Map));
    Console.WriteLine($"{await Copy(driver, memory, Half) / 1024} KiB copied, all as they were");
    if (stays)
    {
        await Stay(driver);
    }
}

// Copies one half of a buffer to the other, page by page, with as many copies on their way as the rings take.
static async Task<int> Copy(MyCardDriver driver, DmaBuffer memory, int half)
{
    const int Page = 4096;
    using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
    Random.Shared.NextBytes(memory.Slice(0, half));
    MyCardResult[] results = new MyCardResult[64];
    int posted = 0;
    for (int done = 0; done < half;)
    {
        while (posted < half && driver.TryPost(memory.Iova + posted, memory.Iova + (half + posted), Page, out _))
        {
            posted += Page;
        }

        driver.Submit();
        await driver.WaitForCompletionAsync(patience.Token);
        int count = driver.Take(results);
        foreach (MyCardResult result in results.AsSpan(0, count))
        {
            if (result.Outcome != MyCardOutcome.Copied)
            {
                throw new IOException($"copy {result.Id} failed: {result.Outcome}");
            }
        }

        done += count * Page;
    }

    return memory.Slice(0, half).SequenceEqual(memory.Slice(half, half))
        ? half
        : throw new IOException("the copy differs");
}

// A program that keeps a device must close it when the host asks: otherwise it cannot be unbound or unplugged.
static async Task Stay(MyCardDriver driver)
{
    using CancellationTokenSource end = new();
    Console.CancelKeyPress += (_, e) =>
    {
        e.Cancel = true;
        end.Cancel();
    };
    Console.WriteLine("it stays until the host asks for it, or Ctrl-C");
    try
    {
        await driver.WaitForReleaseRequestAsync(end.Token);
        Console.WriteLine("the host asks for it");
    }
    catch (OperationCanceledException)
    {
        Console.WriteLine("interrupted");
    }
}

static int Fail(int code, string what, string? more = null)
{
    Console.Error.WriteLine($"My-Card.Run: {what}");
    if (more is not null)
    {
        Console.Error.WriteLine(more);
    }

    return code;
}
