using System.CommandLine;
using System.Globalization;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>Implements <c>vfio sriov</c>, which sets the number of virtual functions of a physical function.</summary>
internal static class SriovCommand
{
    private const string Name = "sriov";

    public static Command Create(CliHost host)
    {
        Argument<DeviceTarget> device = Symbols.Device(host);
        Argument<int> count = new("N")
        {
            Description = "The number of virtual functions; 0 removes them",
            CustomParser = result => (int)Symbols.ParseNumber(
                result, 0, ushort.MaxValue, "a number of virtual functions", "use a number from 0 to 65535"),
        };
        Option<Guid?> token = new("--token")
        {
            Description = "For a bound device, first set the secret that programs need to open its virtual functions; "
                + "they pass it in VFIO_VF_TOKEN",
            HelpName = "UUID",
            CustomParser = result =>
            {
                if (Guid.TryParse(result.Tokens[0].Value, out Guid uuid))
                {
                    return uuid;
                }

                result.AddError($"'{Symbols.Quote(result.Tokens[0].Value)}' is not a UUID; uuidgen creates one");
                return null;
            },
        };
        Option<bool> dryRun = Symbols.Flag("--dry-run", "Only show what would be done");
        Option<bool> force = Symbols.Flag("--force", "Remove virtual functions even if the host uses them");
        Option<bool> json = Symbols.Json();
        DocumentedCommand command = new(Name, "Set the number of virtual functions of a device (SR-IOV).")
        {
            Notes =
            [
                "This works with the device's own driver and, if the device is bound, with vfio-pci. The "
                + "previous number is saved. 'vfio release' of the device, or of all devices, first releases "
                + "the bound virtual functions and then restores the number. The number cannot be changed "
                + "while one of them is bound or open.",
                "While the command runs, every user of the host can see --token in the list of processes. The "
                + "environment variable VFIO_VF_TOKEN has the same effect and is not visible.",
            ],
            Examples =
            [
                ("sudo vfio sriov eth0 4", "four virtual functions of a network card"),
                ("sudo vfio bind 01:10.0", "bind the first of them"),
                ("sudo vfio sriov 01:00.0 2 --token $(uuidgen)", "for a card that is itself bound"),
                ("sudo vfio sriov eth0 0", "remove all virtual functions"),
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
            PciAddress address = target is HostTarget found
                ? found.Address
                : throw new CliException(
                    $"sriov: {target.Name} is a device model, which has no virtual functions",
                    "name a device of the host");
            using SignalGuard guard = new();
            BindOptions options = new()
            {
                Force = result.GetValue(force),
                Host = host.Root,
                Helper = host.Helper,
                HolderWait = Symbols.Patience(host, TimeSpan.Zero, guard.Asked),
            };
            return guard.Run(host, () => Run(
                host,
                address,
                result.GetRequiredValue(count),
                result.GetValue(token),
                options,
                result.GetValue(dryRun),
                result.GetValue(json)));
        });
        return command;
    }

    private static int Run(
        CliHost host, PciAddress address, int count, Guid? token, BindOptions options, bool isDryRun, bool isJson)
    {
        VirtualFunctionPlan plan = VirtualFunctionPlan.Compute(address, count, options);
        if (plan.IsAllowed && !isDryRun)
        {
            // A secret in the environment is also used to open virtual functions. It is no error if there is nothing to
            // set it on.
            bool wantsSecret = count != 0
                && plan.PreviousCount == 0
                && new PciBus(host.Root).Get(address).HasVfioDriver;
            if ((token ?? (wantsSecret ? HostTarget.ReadToken() : null)) is Guid secret)
            {
                SetToken(host, address, plan, secret);
            }

            plan.Execute();
        }

        string? made = plan.IsAllowed && !isDryRun ? $"sriov: {address} now has {count} virtual functions" : null;
        return ChangeReport.Write(
            host, made, $"vfio show {address} lists them", report => Write(report, address, plan, isDryRun, isJson));
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

    // The secret is set before virtual functions exist: opening a device whose virtual functions are open would itself
    // require the secret.
    private static void SetToken(CliHost host, PciAddress address, VirtualFunctionPlan plan, Guid token)
    {
        PciDeviceInfo device = new PciBus(host.Root).Get(address);
        if (!device.HasVfioDriver)
        {
            throw new CliException(
                $"sriov: {address} is not bound to VFIO: the virtual functions of a host driver need no secret",
                "omit --token");
        }

        if (plan.PreviousCount != 0)
        {
            throw new CliException(
                $"sriov: {address} already has {plan.PreviousCount} virtual functions, so their "
                + $"secret can no longer be set",
                $"remove them first: vfio sriov {address} 0");
        }

        using VfioDevice opened = host.OpenDevice(address, new VfioOpenOptions { Host = host.Root });
        opened.SetVirtualFunctionToken(token);
    }

    private static void WriteText(
        CliHost host,
        PciAddress address,
        VirtualFunctionPlan plan,
        IReadOnlyList<PciDeviceInfo> functions,
        bool isDryRun)
    {
        if (isDryRun)
        {
            PlanReport.WriteSteps(host, plan);
            return;
        }

        string count = functions.Count == 1 ? "1 virtual function" : $"{functions.Count} virtual functions";
        host.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{address} has {count}{(plan.Steps.Count == 0 ? " already" : $"; it had {plan.PreviousCount}")}"));
        foreach (PciDeviceInfo function in functions)
        {
            host.Out.WriteLine(Printable.Clean($"  {function}"));
        }
    }

    private static void WriteJson(
        CliHost host,
        PciAddress address,
        VirtualFunctionPlan plan,
        IReadOnlyList<PciDeviceInfo> functions,
        bool isDryRun) => Json.Write(
        host.Out,
        new SriovDocument(
            isDryRun,
            address.ToString(),
            plan.PreviousCount,
            [.. functions.Select(
                function => new FunctionDocument(function.Address.ToString(), function.Driver, function.IommuGroup))],
            [.. plan.Steps.Select(step => Printable.Clean(step.Description))],
            RefusalDocument.Of(plan.Refusals)),
        CliJson.Write);
}

/// <summary>Describes what <c>vfio sriov</c> did, or would do, as JSON.</summary>
internal sealed record SriovDocument(
    bool DryRun,
    string Address,
    int CountBefore,
    FunctionDocument[] Functions,
    string[] Steps,
    RefusalDocument[] Refusals);

/// <summary>Describes a virtual function, as JSON.</summary>
internal sealed record FunctionDocument(string Address, string? Driver, int? IommuGroup);
