namespace Vfio;

// The parts of the region that are mapped.
public sealed unsafe partial class Region
{
    private byte* FindWindow(ulong offset, int width)
    {
        foreach (Window window in _otherWindows)
        {
            if (offset >= window.Start
                && window.Length >= (uint)width
                && offset - window.Start <= window.Length - (uint)width)
            {
                return window.Base + (offset - window.Start);
            }
        }

        return null;
    }

    // An area that cannot be guarded has no window, unless the caller allows it: it is accessed through the file
    // descriptor.
    private static Window[] Map(IDeviceBackend backend, RegionInfo info, RegionGuard guards)
    {
        List<Window> windows = [];
        bool isDone = false;
        try
        {
            foreach (MappableArea area in info.MappableAreas)
            {
                MappedMemory memory = backend.MapArea(info, area);
                MappingGuard? guard = memory.MayStopAnswering ? guards.TryTake(memory) : null;
                if (guard is null && memory.MayStopAnswering && !guards.AllowUnguarded)
                {
                    memory.Dispose();
                    continue;
                }

                windows.Add(new Window(memory, guard, area.Offset, area.Length));
            }

            isDone = true;
        }
        finally
        {
            if (!isDone)
            {
                windows.ForEach(window => window.End());
            }
        }

        return [.. windows];
    }

    private readonly struct Window(MappedMemory memory, MappingGuard? guard, ulong start, ulong length)
    {
        public MappedMemory Memory { get; } = memory;

        public MappingGuard? Guard { get; } = guard;

        public byte* Base { get; } = (byte*)memory.Start;

        public ulong Start { get; } = start;

        public ulong Length { get; } = length;

        /// <summary>Ends the mapping immediately, before anything uses it.</summary>
        public void End()
        {
            Guard?.Dispose();
            Memory.Dispose();
        }
    }
}

/// <summary>Specifies how mappings of a device are guarded.</summary>
internal sealed record RegionGuard
{
    /// <summary>Gets <see cref="VfioOpenOptions.AllowUnguarded"/>.</summary>
    public bool AllowUnguarded { get; init; }

    /// <summary>
    /// Gets the function that guards a mapping; it returns <see langword="null"/> if the mapping cannot be guarded.
    /// Tests replace it to simulate a processor without the guard.
    /// </summary>
    public Func<MappedMemory, MappingGuard?> TryTake { get; init; } = MappingGuard.TryTake;
}
