using System.CommandLine;
using Vfio.Host;
using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Implements <c>vfio groups</c>, which shows the IOMMU groups: the devices that can only be assigned together.
/// </summary>
internal static class GroupsCommand
{
    public static Command Create(CliHost host)
    {
        Option<bool> json = Symbols.Json();
        Option<string?> html = File(
            "--html", "Write an HTML page with the tree of all devices and a frame around each group");
        Option<string?> dot = File("--dot", "Write the same tree for Graphviz, with the groups as clusters");
        DocumentedCommand command = new(
            "groups", "Show the IOMMU groups: devices that can only be assigned together.")
        {
            Notes =
            [
                "A group is 'ready' if at least one of its devices is bound to VFIO and no other device of it has a "
                + "host driver. It is 'blocked' if one of its devices still has a host driver; that device is marked. "
                + "Bridges and devices without a driver never block a group.",
                "The page is self-contained and includes a legend. FILE may be - for standard "
                + "output. An existing file is replaced.",
            ],
            Examples =
            [
                ("vfio groups", "the tree"),
                ("vfio groups --html groups.html", "a page for a browser"),
                ("vfio groups --dot - | dot -Tpdf > groups.pdf", "a graph, drawn by Graphviz"),
                ("vfio groups --json | jq '.[] | select(.isViable | not)'", "for scripts"),
            ],
        };
        command.Add(html);
        command.Add(dot);
        command.Add(json);
        command.SetAction(result =>
        {
            if (result.GetValue(html) is not null || result.GetValue(dot) is not null)
            {
                Draw(host, result.GetValue(html), result.GetValue(dot), result.GetValue(json));
                return ExitCode.Done;
            }

            IReadOnlyList<IommuGroup> groups = new PciBus(host.Root).GetGroups();
            if (groups.Count == 0)
            {
                throw new CliException(
                    "groups: this host has no IOMMU groups: no IOMMU is enabled",
                    "enable VT-d or AMD-Vi in the firmware setup, and add intel_iommu=on to the kernel command line");
            }

            if (result.GetValue(json))
            {
                WriteJson(host, groups);
            }
            else
            {
                WriteTree(host, groups);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Option<string?> File(string name, string description) =>
        new(name) { Description = description, HelpName = "FILE" };

    private static void Draw(CliHost host, string? html, string? dot, bool isJson)
    {
        if (isJson)
        {
            throw new CliException(
                "groups: --json cannot be used with --html or --dot",
                "use two commands: vfio groups --json, vfio groups --html FILE",
                ExitCode.WrongUsage);
        }

        if (html == PictureFile.StandardOutput && dot == PictureFile.StandardOutput)
        {
            throw new CliException(
                "groups: --html and --dot cannot both write to standard output",
                "give one of them a file: --dot groups.dot",
                ExitCode.WrongUsage);
        }

        if (html == "" || dot == "")
        {
            throw new CliException(
                "groups: the file name is empty", "name a file, or - for standard output", ExitCode.WrongUsage);
        }

        HostTree tree = HostTree.Read(host);
        if (html is not null)
        {
            PictureFile.Write(host, html, output => HtmlPage.Write(output, tree));
        }

        if (dot is not null)
        {
            PictureFile.Write(host, dot, output => DotGraph.Write(output, tree));
        }
    }

    private static void WriteTree(CliHost host, IReadOnlyList<IommuGroup> groups)
    {
        DeviceNames names = new(host);
        View[] views = [.. groups.Select(View.Of)];
        int classWidth = views.Max(view => view.Widest(device => DeviceNames.ClassWord(device.Class)));
        int driverWidth = views.Max(view => view.Widest(view.DescribeDriver));
        foreach (View view in views)
        {
            string domain = view.Group.DomainType is string type ? $" ({Printable.Clean(type)})" : "";
            host.Out.WriteLine(host.Terminal.Bold($"group {view.Group.Number}{domain}") + view.State);
            foreach (PciDeviceInfo device in view.Group.Devices)
            {
                string branch = device == view.Group.Devices[^1] ? "└──" : "├──";
                string line = $"{branch} {device.Address} {DeviceNames.ClassWord(device.Class).PadRight(classWidth)} "
                    + $"{view.DescribeDriver(device).PadRight(driverWidth)} "
                    + Printable.Clean(names.Describe(
                        DeviceIdentity.Of(device), isBrief: host.Terminal.Width is not null));
                string shown = Printable.Shorten(line, host.Terminal.Width ?? int.MaxValue);
                host.Out.WriteLine(view.Blocking.Contains(device.Address) ? host.Terminal.Yellow(shown) : shown);
            }
        }

        if (Array.Find(views, view => view.Blocking.Count != 0) is View blocked)
        {
            // The hint must not suggest a command that would be refused.
            host.Tell(new HostSurvey(host.Root).GetGroupRefusals(blocked.Group) is [BindingRefusal refusal, ..]
                ? Printable.Clean($"vfio: group {blocked.Group.Number} cannot be bound as a whole: {refusal}")
                : $"hint: vfio bind --group {blocked.Taken} binds every endpoint of group {blocked.Group.Number}");
        }
    }

    private static void WriteJson(CliHost host, IReadOnlyList<IommuGroup> groups)
    {
        DeviceNames names = new(host);
        IEnumerable<GroupDocument> documents = groups.Select(group => new GroupDocument(group, names));
        Json.Write(host.Out, documents, CliJson.Write);
    }

    /// <param name="Group">The group.</param>
    /// <param name="Taken">The first device of the group that has a VFIO driver.</param>
    /// <param name="Blocking">The devices that prevent VFIO from using the group; empty if no device of the group has a
    /// VFIO driver.</param>
    private sealed record View(IommuGroup Group, PciAddress? Taken, HashSet<PciAddress> Blocking)
    {
        public string State => Taken is null ? "" : Blocking.Count == 0 ? ": ready" : ": blocked";

        public static View Of(IommuGroup group)
        {
            PciAddress? taken = group.Devices.FirstOrDefault(device => device.HasVfioDriver)?.Address;
            return new View(
                group, taken, taken is null ? [] : [.. group.GetBlockers().Select(device => device.Address)]);
        }

        public int Widest(Func<PciDeviceInfo, string> describe) =>
            Group.Devices.Select(device => describe(device).Length).DefaultIfEmpty().Max();

        public string DescribeDriver(PciDeviceInfo device) =>
            Printable.Clean(device.Driver ?? "-") + (Blocking.Contains(device.Address) ? ", blocks" : "");
    }
}
