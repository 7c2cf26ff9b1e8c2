namespace Vfio.Host;

/// <summary>What keeps devices from being bound, whichever: files that cannot be written, modules that are not let in. Bind refuses because of the same.</summary>
internal static class ObstacleJudge
{
    public static IEnumerable<Finding> Judge(HostFacts host, DeviceFacts? device) =>
        from obstacle in host.Obstacles
        where obstacle.Reason is not (RefusalReason.Module or RefusalReason.AddressSpace) // the judge of modules has more to say of these
        select new Finding(TopicOf(obstacle.Reason), LevelOf(obstacle, device), obstacle.What) { Advice = obstacle.Hint, Refusal = obstacle.Reason };

    private static FindingTopic TopicOf(RefusalReason reason) => reason switch
    {
        RefusalReason.ModuleBanned => FindingTopic.ModuleBanned,
        RefusalReason.ModulesDisabled => FindingTopic.ModulesDisabled,
        RefusalReason.Full => FindingTopic.Full,
        _ => FindingTopic.ReadOnly,
    };

    // A device that is bound already can be used all the same, in a container as a rule.
    private static FindingLevel LevelOf(HostObstacle obstacle, DeviceFacts? device) =>
        device is { Device.HasVfioDriver: true } ? FindingLevel.Info
        : device is null && obstacle.Reason == RefusalReason.ReadOnly ? FindingLevel.Warning
        : FindingLevel.Error;
}
