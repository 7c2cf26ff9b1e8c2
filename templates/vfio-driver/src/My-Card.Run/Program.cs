// Shows what the driver finds in a device, or in its device model.
using My.Card;
using Vfio;
using Vfio.Pci;

const string Usage = "usage: My-Card.Run ADDRESS | --model    (an address like 0000:00:03.0)";

if (args is not [string argument] || argument is "-h" or "--help")
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
        Report(inProcess);
        return 0;
    }

    if (!PciAddress.TryParse(argument, out PciAddress address))
    {
        return Fail(2, $"'{argument}' is not a PCI address", Usage);
    }

    using VfioDevice device = VfioDevice.Open(address);
    Report(device);
    return 0;
}
catch (VfioException e)
{
    return Fail(1, e.Message, e.Hint is null ? null : $"hint: {e.Hint}");
}
catch (Exception e) when (e is NotSupportedException or TimeoutException or IOException)
{
    return Fail(1, e.Message);
}

static void Report(VfioDevice device)
{
    using MyCardDriver driver = new(device);
    MyCardIdentification id = driver.Identification;
    Console.WriteLine($"My-Card {id.MajorVersion}.{id.MinorVersion} at {device.Name}, through {device.BackendName}");
    foreach (RegisterReading reading in driver.ReadRegisters())
    {
        RegisterDescription register = reading.Register;
        string value = reading.Raw.ToString($"x{2 * register.Width}");
        string fields = string.Join(
            ", ",
            register.Fields.Select(field => $"{field.Name}{(field.IsFlag ? "" : " ")}{field.Describe(reading.Raw)}"));
        Console.WriteLine($"  {register.Name,-10} 0x{value}  {fields}".TrimEnd());
    }

    Console.WriteLine(driver.IsAlive() ? "it is alive" : "it does not answer correctly");
    Console.WriteLine($"5! = {driver.ComputeFactorial(5, TimeSpan.FromSeconds(1))}");
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
