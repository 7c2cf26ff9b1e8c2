namespace Vfio.Host;

/// <summary>Restores the names of a device's network interfaces, and brings up those that were up.</summary>
internal sealed class InterfaceRestorer(HostContext context)
{
    private static readonly TimeSpan DriverPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan UdevPatience = TimeSpan.FromSeconds(3);

    public IEnumerable<BindingStep> Plan(JournalEntry entry)
    {
        string names = string.Join(", ", entry.Interfaces.Select(state => state.Name));
        yield return new BindingStep(
            $"wait for {names}, and rename interfaces that come back under another name", () => RestoreNames(entry));
        foreach (InterfaceState state in entry.Interfaces.Where(state => state.IsUp))
        {
            yield return new BindingStep($"bring up {state.Name}", () =>
            {
                // An interface of another device may have the name by now.
                if (new ClassDevices(context.Host, "net").On(entry.Address).Contains(state.Name))
                {
                    context.Changes.SwitchOnInterface(state.Name);
                }
            });
        }
    }

    private void RestoreNames(JournalEntry entry)
    {
        // An interface that does not come back is a matter of the driver: the device itself is restored.
        if (!context.Changes.WaitUntil(
            () => new ClassDevices(context.Host, "net").On(entry.Address).Count >= entry.Interfaces.Count,
            DriverPatience))
        {
            context.Steps.Dropped.Add($"it had the interfaces "
                + $"{string.Join(", ", entry.Interfaces.Select(state => state.Name))}, and now has "
                + $"{Describe(new ClassDevices(context.Host, "net").On(entry.Address))}");
            return;
        }

        // udev renames a new interface by its own rules, which take precedence; give it a moment.
        if (File.Exists(context.Host.Combine("run/udev/control")))
        {
            context.Changes.WaitUntil(() => entry.Interfaces.All(state => Exists(state.Name)), UdevPatience);
        }

        List<string> strangers = [.. new ClassDevices(context.Host, "net")
            .On(entry.Address)
            .Where(name => entry.Interfaces.All(state => state.Name != name))];
        foreach (InterfaceState state in entry.Interfaces.Where(
            state => !new ClassDevices(context.Host, "net").On(entry.Address).Contains(state.Name)))
        {
            if (Exists(state.Name) || strangers.Count == 0)
            {
                context.Steps.Dropped.Add($"another device now has the name {state.Name}, so its interface keeps the "
                    + $"name {Describe(strangers)}");
                continue;
            }

            context.Changes.RenameInterface(strangers[0], state.Name);
            strangers.RemoveAt(0);
        }
    }

    private static string Describe(IReadOnlyCollection<string> names) =>
        names.Count == 0 ? "none" : string.Join(", ", names);

    private bool Exists(string name) => Directory.Exists(context.Host.Combine($"sys/class/net/{name}"));
}
