namespace Vfio.Cli;

/// <summary>Reports why a plan is refused and what to do about it, or shows the steps of a plan.</summary>
internal static class PlanReport
{
    /// <summary>Writes the steps that a dry run shows.</summary>
    public static void WriteSteps(CliHost host, ChangePlan plan)
    {
        foreach (ChangeStep step in plan.Steps)
        {
            host.Out.WriteLine(Printable.Clean(step.ToString()));
        }

        if (plan.Steps.Count == 0)
        {
            host.Out.WriteLine("nothing to do");
        }
    }

    /// <returns>The exit code of a refusal.</returns>
    public static int WriteRefusals(CliHost host, IReadOnlyList<Refusal> refusals)
    {
        foreach (Refusal refusal in refusals)
        {
            host.Tell($"vfio: {refusal.Device} refused: {Printable.Clean(refusal.Explanation)}");
        }

        // Only one hint is given, for the refusal to solve first: --force does not help while a refusal remains that
        // cannot be forced.
        Refusal first = refusals.FirstOrDefault(refusal => !refusal.CanForce) ?? refusals[0];
        host.Tell($"hint: {Printable.Clean(first.Hint)}");
        return ExitCode.Refused;
    }
}
