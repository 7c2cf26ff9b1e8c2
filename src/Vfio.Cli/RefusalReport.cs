using Vfio.Host;

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

        // One hint, for what must be solved first: --force is of no use while anything remains that cannot be forced.
        BindingRefusal first = refusals.FirstOrDefault(refusal => !refusal.CanForce) ?? refusals[0];
        host.Tell($"hint: {first.Hint}");
    }
}
