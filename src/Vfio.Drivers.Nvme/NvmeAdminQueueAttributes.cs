using Vfio.Pci;

namespace Vfio.Drivers.Nvme;

/// <summary>AQA: the sizes of the admin queues (NVM Express Base Specification 2.1, section 3.1.4.8).</summary>
/// <remarks>
/// Setting a property to a value that its field cannot hold throws <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
public readonly record struct NvmeAdminQueueAttributes : IRegisterValue<NvmeAdminQueueAttributes>
{
    /// <summary>Creates a value.</summary>
    /// <param name="raw">The register's 32 bits, including reserved ones.</param>
    public NvmeAdminQueueAttributes(uint raw) => Raw = raw;

    /// <summary>Gets the register's 32 bits, including reserved ones.</summary>
    public uint Raw { get; init; }

    /// <inheritdoc/>
    public static int Width => 4;

    /// <summary>
    /// ASQS: the number of entries of the admin submission queue, 2 to 4096 (the register contains one less).
    /// </summary>
    public int SubmissionQueueEntries
    {
        get => (int)RegisterBits.GetBits(Raw, 0, 12) + 1;
        init => Raw = (uint)RegisterBits.SetBits(Raw, 0, 12, (ulong)(value - 1));
    }

    /// <summary>
    /// ACQS: the number of entries of the admin completion queue, 2 to 4096 (the register contains one less).
    /// </summary>
    public int CompletionQueueEntries
    {
        get => (int)RegisterBits.GetBits(Raw, 16, 12) + 1;
        init => Raw = (uint)RegisterBits.SetBits(Raw, 16, 12, (ulong)(value - 1));
    }

    ulong IRegisterValue<NvmeAdminQueueAttributes>.Raw => Raw;

    static NvmeAdminQueueAttributes IRegisterValue<NvmeAdminQueueAttributes>.FromRaw(ulong raw) => new((uint)raw);

    internal static IReadOnlyList<RegisterField> Fields =>
    [
        new("ASQS", 0, 12, "Entries of the submission queue, minus 1"),
        new("ACQS", 16, 12, "Entries of the completion queue, minus 1"),
    ];
}
