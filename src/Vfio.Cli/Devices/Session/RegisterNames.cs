using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>The names of a device's registers: from its own map first, then from configuration space.</summary>
internal sealed class RegisterNames
{
    private const int MostSuggestions = 3;

    private IReadOnlyList<RegisterMap> _maps;

    public RegisterNames(IEnumerable<RegisterMap> maps) => _maps = [.. maps.OrderBy(map => map.Region == RegionIndex.Config)];

    /// <summary>Reads configuration space with its capabilities, where that takes more than the map has. Called once at most.</summary>
    public Func<RegisterMap?>? CapabilityLoader { private get; set; }

    /// <summary>No names: places are regions and offsets.</summary>
    public static RegisterNames None => new([]);

    /// <summary>Whether no register has a name.</summary>
    public bool IsEmpty => _maps.Count == 0;

    /// <summary>The maps, the device's own first.</summary>
    public IReadOnlyList<RegisterMap> Maps => _maps;

    /// <summary>Every name that can be typed, the device's own first.</summary>
    public IEnumerable<string> All => Registers.Select(register => register.Name).Distinct(StringComparer.OrdinalIgnoreCase);

    /// <summary>Every register that has a name, the device's own first.</summary>
    public IEnumerable<RegisterDescription> Registers => _maps.SelectMany(map => map.Registers);

    /// <summary>Makes sure that capabilities' registers are known too. Before the device is opened for longer: it opens but once at a time.</summary>
    /// <exception cref="VfioException">The device cannot be opened.</exception>
    public void LoadCapabilities()
    {
        if (CapabilityLoader?.Invoke() is RegisterMap config)
        {
            _maps = [.. _maps.Where(map => map.Region != RegionIndex.Config), config];
        }

        CapabilityLoader = null;
    }

    /// <summary>The registers of a region, where they are known.</summary>
    public RegisterMap? Map(RegionIndex region)
    {
        foreach (RegisterMap map in _maps)
        {
            if (map.Region == region)
            {
                return map;
            }
        }

        return null;
    }

    /// <summary>What is known of the register at a place.</summary>
    public RegisterDescription? At(Place place, int bits) =>
        Map(place.Region)?.FindAt(place.Offset) is RegisterDescription register && register.Width * 8 == bits ? register : null;

    /// <summary>The registers that an access touches: another width may reach a part of one, or several.</summary>
    public IEnumerable<RegisterDescription> Touched(RegisterPlace place)
    {
        ulong start = place.Place.Offset;
        return (Map(place.Place.Region)?.Registers ?? [])
            .Where(register => register.Offset < start + place.Bytes && start < register.Offset + (ulong)register.Width);
    }

    /// <summary>A place with what is known of it.</summary>
    public RegisterPlace Describe(Place place, int bits) => new(place, bits, At(place, bits));

    /// <summary>Finds the register that somebody means.</summary>
    /// <param name="command">The command that asks, for its errors.</param>
    /// <param name="text">What was typed.</param>
    /// <param name="bits">The width that was typed; <see langword="null"/> for the register's own, else 32 bits.</param>
    /// <exception cref="CliException">No register has this name, its width is another, or the place is not aligned.</exception>
    public RegisterPlace Resolve(string command, PlaceText text, int? bits)
    {
        if (text.Place is Place place)
        {
            int width = bits ?? RegisterWidth.Default;
            RegisterWidth.CheckAligned(command, place, width);
            return Describe(place, width);
        }

        RegisterPlace found = Find(text.Text) ?? throw Unknown(command, text.Text);
        if (bits is int wanted && wanted != found.Bits)
        {
            throw new CliException(
                $"{command}: {found} has {found.Bits} bits, not {wanted}",
                $"without -w it is accessed as it is; a part of it is reached by its place: {found.Place} -w {wanted}",
                ExitCode.WrongUsage);
        }

        return found;
    }

    /// <summary>The names that begin as a text does, for completion.</summary>
    public IEnumerable<string> StartingWith(string text) => All.Where(name => name.StartsWith(text, StringComparison.OrdinalIgnoreCase));

    private RegisterPlace? Find(string text)
    {
        RegisterPlace? found = FindIn(text);
        if (found is null && text.Contains('.', StringComparison.Ordinal))
        {
            LoadCapabilities();
            found = FindIn(text);
        }

        return found;
    }

    private RegisterPlace? FindIn(string text)
    {
        foreach (RegisterMap map in _maps)
        {
            string prefix = new Place(map.Region, 0).RegionName + ".";
            string name = text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? text[prefix.Length..] : text;
            // A register may itself be called what the region is: the whole text counts first.
            if ((map.Find(text) ?? map.Find(name)) is RegisterDescription register)
            {
                return new RegisterPlace(new Place(map.Region, register.Offset), register.Width * 8, register);
            }
        }

        return null;
    }

    private CliException Unknown(string command, string text)
    {
        string shown = Symbols.Quote(text);
        if (IsEmpty)
        {
            return new CliException(
                $"{command}: '{shown}' is not a place, and vfio knows no names for the registers of this device",
                "a place looks like bar0+0x10, config+4 or rom+0",
                ExitCode.WrongUsage);
        }

        string[] near = [.. Nearest(text)];
        return new CliException(
            $"{command}: '{shown}' is neither a place nor a register of this device",
            near.Length == 0
                ? "a place looks like bar0+0x10 or config+4; Tab in 'vfio shell' shows the names"
                : $"did you mean {string.Join(" or ", near)}? a place without a name looks like bar0+0x10",
            ExitCode.WrongUsage);
    }

    // A part of a name says more than a small distance does: LnkSta is EXP.LnkSta.
    private IEnumerable<string> Nearest(string text)
    {
        string word = text[(text.LastIndexOf('.') + 1)..].ToUpperInvariant();
        (string Name, int? Rank)[] near = word.Length < 2 ? [] : [.. All.Select(name => (name, Rank(name, word))).Where(candidate => candidate.Item2 is not null).OrderBy(candidate => candidate.Item2)];
        // A device's own register before one of configuration space that is as near: who is not root may not see the latter.
        bool hasOwn = near.Length != 0 && near.Any(candidate => candidate.Rank == near[0].Rank && !candidate.Name.Contains('.', StringComparison.Ordinal));
        return near.Where(candidate => !hasOwn || !candidate.Name.Contains('.', StringComparison.Ordinal)).Select(candidate => candidate.Name).Take(MostSuggestions);
    }

    private static int? Rank(string name, string word)
    {
        string last = name[(name.LastIndexOf('.') + 1)..].ToUpperInvariant();
        if (last == word)
        {
            return 0;
        }

        int distance = EditDistance.Of(last, word);
        return distance <= 1 + (word.Length / 4) ? distance
            : word.Length > 2 && last.Contains(word, StringComparison.Ordinal) ? word.Length + distance
            : null;
    }
}
