namespace Vfio.Host;

/// <summary>
/// Reports what keeps any device from being bound: files that cannot be written, modules that cannot be loaded. A bind
/// is refused for the same reasons.
/// </summary>
internal static class ObstacleJudge
{
    public static IEnumerable<Finding> Judge(HostFacts host, DeviceFacts? device) =>
        from obstacle in host.Obstacles
            // ModuleJudge reports these in more detail
        where obstacle.Reason is not (RefusalReason.Module or RefusalReason.AddressSpace)
        select new Finding(TopicOf(obstacle.Reason), LevelOf(obstacle, device), obstacle.What)
        {
            Advice = obstacle.Hint,
            Refusal = obstacle.Reason,
        };

    private static FindingTopic TopicOf(RefusalReason reason) => reason switch
    {
        RefusalReason.ModuleBanned => FindingTopic.ModuleBanned,
        RefusalReason.ModulesDisabled => FindingTopic.ModulesDisabled,
        RefusalReason.Full => FindingTopic.Full,
        _ => FindingTopic.ReadOnly,
    };

    // A device that is bound already can still be used; this is usually the case in a container.
    private static FindingLevel LevelOf(HostObstacle obstacle, DeviceFacts? device) =>
        device is { Device.HasVfioDriver: true } ? FindingLevel.Info
        : device is null && obstacle.Reason == RefusalReason.ReadOnly ? FindingLevel.Warning
        : FindingLevel.Error;
}
