namespace Vfio.Cli;

/// <summary>Says why devices are not taken, and what to do about it.</summary>
internal static class RefusalReport
{
    public static void Write(CliHost host, IReadOnlyList<BindingRefusal> refusals)
    {
        foreach (BindingRefusal refusal in refusals)
        {
            host.Tell($"vfio: {refusal.Device} refused: {Printable.Clean(refusal.Explanation)}");
        }

        host.Tell($"hint: {HintFor(refusals)}");
    }

    // One hint, for what must be solved first: --force is of no use while anything remains that cannot be forced.
    private static string HintFor(IReadOnlyList<BindingRefusal> refusals) =>
        refusals.FirstOrDefault(refusal => !refusal.CanForce)?.Reason switch
        {
            null => "end that use first; or, if the host can do without it: the same command with --force",
            "bridge" => "bridges and ports stay with the kernel; take the endpoints behind them (vfio groups shows them)",
            "no-iommu" => "switch the IOMMU on: VT-d or AMD-Vi in the firmware's setup, and intel_iommu=on on the kernel's command line",
            _ => "this device cannot be taken, not even by force",
        };
}
