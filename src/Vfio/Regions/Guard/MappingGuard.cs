using System.Runtime.ConstrainedExecution;

namespace Vfio;

/// <summary>
/// Guards a mapping of a device: if the device does not answer an access, <see cref="MemoryGuard"/> covers that part
/// with ones, until <see cref="TryRecover"/>. Such a part is memory of this process: what is written to it can be read
/// back, but does not reach the device.
/// </summary>
/// <remarks>
/// The guard ends before the mapping's address range is freed, whichever of the two is collected first.
/// </remarks>
internal sealed unsafe class MappingGuard : CriticalFinalizerObject, IDisposable
{
    // More often than one access can be covered again.
    private const int MostRounds = 8;

    private readonly MappedMemory _memory;
    private readonly Lock _recovery = new();
    private GuardSlot* _slot;

    private MappingGuard(MappedMemory memory) => _memory = memory;

    ~MappingGuard() => Release();

    /// <summary>
    /// Gets whether a part of the mapping is memory of this process, because the device did not answer there.
    /// </summary>
    public bool IsCovered => MemoryGuard.IsHit(_slot);

    /// <summary>Guards a mapping.</summary>
    /// <returns>The guard; null if the mapping cannot be guarded, so that an access could end the process.</returns>
    public static MappingGuard? TryTake(MappedMemory memory)
    {
        MappingGuard guard = new(memory);
        GuardSlot* slot = MemoryGuard.TryTake(memory.Start, memory.Length);
        if (slot == null)
        {
            return null;
        }

        bool isHeld = false;
        try
        {
            memory.DangerousAddRef(ref isHeld); // the address range outlives the guard
            guard._slot = slot;
            return guard;
        }
        finally
        {
            if (!isHeld)
            {
                MemoryGuard.Release(slot);
            }
        }
    }

    /// <summary>
    /// Maps the device again if it was covered, or is just being covered by an earlier fault. Thread-safe; other
    /// threads may access the mapping meanwhile.
    /// </summary>
    /// <returns>
    /// Whether nothing is covered, or everything is covered permanently (<see cref="MappedMemory.Revoke"/>). If not,
    /// the device still does not answer.
    /// </returns>
    /// <exception cref="VfioException">The kernel refused to map it again.</exception>
    public bool TryRecover(string subject)
    {
        lock (_recovery)
        {
            for (int round = 0; round < MostRounds && _slot != null; round++)
            {
                if (!MemoryGuard.BeginRecovery(_slot))
                {
                    break;
                }

                int errno = _memory.MapAgain();
                if (errno != 0)
                {
                    MemoryGuard.NoteHit(_slot);
                    throw new VfioException("mmap", subject, errno);
                }

                if (MemoryGuard.EndRecovery(_slot))
                {
                    break;
                }
            }

            return !IsCovered;
        }
    }

    /// <summary>Ends the guard. No thread may access the mapping after this.</summary>
    public void Dispose()
    {
        lock (_recovery)
        {
            Release();
        }

        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (_slot != null)
        {
            MemoryGuard.Release(_slot);
            _slot = null;
            _memory.DangerousRelease();
        }
    }
}
