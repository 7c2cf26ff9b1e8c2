using System.CommandLine;
using System.Globalization;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary><c>vfio sriov</c>: gives a physical function virtual functions, or takes them away.</summary>
internal static class SriovCommand
{
    private const string Name = "sriov";

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget> device = Symbols.Device(host);
        Argument<int> count = new("N")
        {
            Description = "How many virtual functions it is to have; 0 takes them away",
            CustomParser = result => (int)Symbols.ParseNumber(result, 0, ushort.MaxValue, "a number of functions", "it is a number from 0 to 65535"),
        };
        Option<Guid?> token = new("--token")
        {
            Description = "First set the secret that opens the virtual functions of a device that is taken: whoever opens one has it in VFIO_VF_TOKEN",
            HelpName = "UUID",
            CustomParser = result =>
            {
                if (Guid.TryParse(result.Tokens[0].Value, out Guid uuid))
                {
                    return uuid;
                }

                result.AddError($"'{Symbols.Quote(result.Tokens[0].Value)}' is not a UUID; uuidgen makes one");
                return null;
            },
        };
        Option<bool> dryRun = Symbols.Flag("--dry-run", "Only show what would be done");
        Option<bool> force = Symbols.Flag("--force", "Take functions away that the host uses");
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Give a device virtual functions, or take them away (SR-IOV).")
        {
            Notes =
            [
                "Works with the device's own driver and, where the device is taken, with vfio-pci. The number of before is remembered: 'vfio release' of the device, or of all, puts it back, "
                + "after the virtual functions that are taken. One that is taken or open keeps the number from being changed.",
                "Whoever lists the host's processes sees --token while this runs; the environment's VFIO_VF_TOKEN does the same unseen.",
            ],
            Examples =
            [
                ("sudo vfio sriov eth0 4", "four functions of a network card"),
                ("sudo vfio bind 01:10.0", "take the first of them"),
                ("sudo vfio sriov 01:00.0 2 --token $(uuidgen)", "of a card that is taken itself"),
                ("sudo vfio sriov eth0 0", "no functions any more"),
            ],
        };
        command.Add(device);
        command.Add(count);
        command.Add(token);
        command.Add(dryRun);
        command.Add(force);
        command.Add(json);
        command.SetAction(result =>
        {
            DeviceTarget target = result.GetRequiredValue(device);
            PciAddress address = target is HostTarget found ? found.Address : throw new CliException($"sriov: {target.Name} is a model, which has no virtual functions", "name a device of the host");
            using SignalGuard guard = new();
            BindOptions options = new() { Force = result.GetValue(force), Host = host.Root, Helper = host.Helper, HolderWait = Symbols.Patience(host, TimeSpan.Zero, guard.Asked) };
            return guard.Run(host, () => Run(host, address, result.GetRequiredValue(count), result.GetValue(token), options, result.GetValue(dryRun), result.GetValue(json)));
        });
        return command;
    }

    private static int Run(CliHost host, PciAddress address, int count, Guid? token, BindOptions options, bool isDryRun, bool isJson)
    {
        VirtualFunctionPlan plan = VirtualFunctionPlan.Compute(address, count, options);
        if (plan.IsAllowed && !isDryRun)
        {
            // One in the environment is for opening functions too, and is nothing to complain about where there is none to set.
            bool wantsSecret = count != 0 && plan.PreviousCount == 0 && new PciBus(host.Root).Get(address).HasVfioDriver;
            if ((token ?? (wantsSecret ? HostTarget.ReadToken() : null)) is Guid secret)
            {
                SetToken(host, address, plan, secret);
            }

            plan.Execute();
        }

        string? made = plan.IsAllowed && !isDryRun ? $"sriov: the number of {address}'s virtual functions is {count}" : null;
        return ChangeReport.Write(host, made, $"vfio show {address} lists them", report => Write(report, address, plan, isDryRun, isJson));
    }

    private static int Write(CliHost host, PciAddress address, VirtualFunctionPlan plan, bool isDryRun, bool isJson)
    {
        IReadOnlyList<PciDeviceInfo> functions = new PciBus(host.Root).Get(address).GetVirtualFunctions();
        if (isJson)
        {
            WriteJson(host, address, plan, functions, isDryRun);
        }
        else if (plan.IsAllowed)
        {
            WriteText(host, address, plan, functions, isDryRun);
        }

        return plan.IsAllowed ? ExitCode.Done : PlanReport.WriteRefusals(host, plan.Refusals);
    }

    // Before there are functions: opening a device with functions that are open would want the secret itself.
    private static void SetToken(CliHost host, PciAddress address, VirtualFunctionPlan plan, Guid token)
    {
        PciDeviceInfo device = new PciBus(host.Root).Get(address);
        if (!device.HasVfioDriver)
        {
            throw new CliException($"sriov: {address} is not taken: the virtual functions of a host driver want no secret", "leave --token away");
        }

        if (plan.PreviousCount != 0)
        {
            throw new CliException($"sriov: {address} has {plan.PreviousCount} virtual functions, whose secret cannot be changed any more", $"vfio sriov {address} 0 takes them away first");
        }

        using VfioDevice opened = host.OpenDevice(address, new VfioOpenOptions { Host = host.Root });
        opened.SetVirtualFunctionToken(token);
    }

    private static void WriteText(CliHost host, PciAddress address, VirtualFunctionPlan plan, IReadOnlyList<PciDeviceInfo> functions, bool isDryRun)
    {
        if (isDryRun)
        {
            PlanReport.WriteSteps(host, plan);
            return;
        }

        string count = functions.Count == 1 ? "1 virtual function" : $"{functions.Count} virtual functions";
        host.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{address} has {count}{(plan.Steps.Count == 0 ? " already" : $", had {plan.PreviousCount}")}"));
        foreach (PciDeviceInfo function in functions)
        {
            host.Out.WriteLine(Printable.Clean($"  {function}"));
        }
    }

    private static void WriteJson(CliHost host, PciAddress address, VirtualFunctionPlan plan, IReadOnlyList<PciDeviceInfo> functions, bool isDryRun) => Json.Write(
        host.Out,
        new SriovDocument(
            isDryRun,
            address.ToString(),
            plan.PreviousCount,
            [.. functions.Select(function => new FunctionDocument(function.Address.ToString(), function.Driver, function.IommuGroup))],
            [.. plan.Steps.Select(step => Printable.Clean(step.Description))],
            RefusalDocument.Of(plan.Refusals)),
        CliJson.Write);
}

/// <summary>What <c>vfio sriov</c> did, or would do, as JSON.</summary>
internal sealed record SriovDocument(bool DryRun, string Address, int CountBefore, FunctionDocument[] Functions, string[] Steps, RefusalDocument[] Refusals);

/// <summary>A virtual function.</summary>
internal sealed record FunctionDocument(string Address, string? Driver, int? IommuGroup);
