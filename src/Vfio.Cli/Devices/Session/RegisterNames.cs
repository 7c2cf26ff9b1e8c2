using Vfio.Pci;

namespace Vfio.Cli;

/// <summary>
/// Holds the names of a device's registers: first those of its own map, then those of configuration space.
/// </summary>
internal sealed class RegisterNames
{
    private const int MostSuggestions = 3;

    private IReadOnlyList<RegisterMap> _maps;

    public RegisterNames(IEnumerable<RegisterMap> maps) =>
        _maps = [.. maps.OrderBy(map => map.Region == RegionIndex.Config)];

    /// <summary>
    /// Sets the function that reads configuration space with its capabilities, if the map lacks them. It is called at
    /// most once.
    /// </summary>
    public Func<RegisterMap?>? CapabilityLoader { private get; set; }

    /// <summary>Gets an instance without names; places are then regions and offsets.</summary>
    public static RegisterNames None => new([]);

    /// <summary>Gets whether no register has a name.</summary>
    public bool IsEmpty => _maps.Count == 0;

    /// <summary>Gets the maps, with the device's own first.</summary>
    public IReadOnlyList<RegisterMap> Maps => _maps;

    /// <summary>Gets every name that can be typed, with the device's own first.</summary>
    public IEnumerable<string> All => Registers.Select(register => register.Name)
        .Distinct(StringComparer.OrdinalIgnoreCase);

    /// <summary>Gets every register that has a name, with the device's own first.</summary>
    public IEnumerable<RegisterDescription> Registers => _maps.SelectMany(map => map.Registers);

    /// <summary>
    /// Loads the registers of capabilities if they are not known yet. It must be called before a session opens the
    /// device, because a device can be opened only once at a time.
    /// </summary>
    /// <exception cref="VfioException">The device cannot be opened.</exception>
    public void LoadCapabilities()
    {
        if (CapabilityLoader?.Invoke() is RegisterMap config)
        {
            _maps = [.. _maps.Where(map => map.Region != RegionIndex.Config), config];
        }

        CapabilityLoader = null;
    }

    /// <summary>Returns the map of a region, or <see langword="null"/> if its registers are unknown.</summary>
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

    /// <summary>
    /// Returns the description of the register at a place, or <see langword="null"/> if none with this width is known.
    /// </summary>
    public RegisterDescription? At(Place place, int bits) =>
        Map(place.Region)?.FindAt(place.Offset) is RegisterDescription register && register.Width * 8 == bits
            ? register
            : null;

    /// <summary>
    /// Returns the registers that an access touches: an access with another width may touch a part of a register, or
    /// several.
    /// </summary>
    public IEnumerable<RegisterDescription> Touched(RegisterPlace place)
    {
        ulong start = place.Place.Offset;
        return (Map(place.Place.Region)?.Registers ?? [])
            .Where(
                register => register.Offset < start + place.Bytes && start < register.Offset + (ulong)register.Width);
    }

    /// <summary>Returns a place together with the register that is known there.</summary>
    public RegisterPlace Describe(Place place, int bits) => new(place, bits, At(place, bits));

    /// <summary>Finds the register that a user named.</summary>
    /// <param name="command">The name of the command, for its errors.</param>
    /// <param name="text">What was typed.</param>
    /// <param name="bits">The width that was typed; <see langword="null"/> for the width of the register, or 32 bits
    /// for a place.</param>
    /// <exception cref="CliException">There is no register with this name, its width is different, or the place is not
    /// aligned.</exception>
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
                $"omit -w, or access a part of it by its place: {found.Place} -w {wanted}",
                ExitCode.WrongUsage);
        }

        return found;
    }

    /// <summary>Returns the names that begin with a text, for completion.</summary>
    public IEnumerable<string> StartingWith(string text) =>
        All.Where(name => name.StartsWith(text, StringComparison.OrdinalIgnoreCase));

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
            // A register may have a name that begins like a region's, so the whole text is tried first.
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
                $"{command}: '{shown}' is not a place, and vfio has no register names for this device",
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

    // A matching part of a name counts more than a small edit distance: LnkSta means EXP.LnkSta.
    private IEnumerable<string> Nearest(string text)
    {
        string word = text[(text.LastIndexOf('.') + 1)..].ToUpperInvariant();
        (string Name, int? Rank)[] near = word.Length < 2
            ? []
            : [.. All.Select(name => (name, Rank(name, word)))
                .Where(candidate => candidate.Item2 is not null)
                .OrderBy(candidate => candidate.Item2)];
        // Of equally near names, the device's own take precedence over configuration space, which users other than root
        // may not see.
        bool hasOwn = near.Length != 0
            && near.Any(
                candidate => candidate.Rank == near[0].Rank && !candidate.Name.Contains('.', StringComparison.Ordinal));
        return near.Where(candidate => !hasOwn || !candidate.Name.Contains('.', StringComparison.Ordinal))
            .Select(candidate => candidate.Name)
            .Take(MostSuggestions);
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
