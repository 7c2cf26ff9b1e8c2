using System.Runtime.ConstrainedExecution;

namespace Vfio;

/// <summary>
/// The guard of a device's mapping: where the device does not answer an access, <see cref="MemoryGuard"/> covers that
/// part with ones, until <see cref="TryRecover"/>. What is written to such a part is memory of this process: it is read
/// back, and the device never sees it.
/// </summary>
/// <remarks>
/// The guard ends before the mapping's address range is freed, whichever of the two is collected first.
/// </remarks>
internal sealed unsafe class MappingGuard : CriticalFinalizerObject, IDisposable
{
    // More than the moments at which one access can cover again.
    private const int MostRounds = 8;

    private readonly MappedMemory _memory;
    private readonly Lock _recovery = new();
    private GuardSlot* _slot;

    private MappingGuard(MappedMemory memory) => _memory = memory;

    ~MappingGuard() => Release();

    /// <summary>Gets whether a part of it is memory of this process, because the device did not answer there.</summary>
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
    /// <returns>Whether nothing is covered, or all of it for good (<see cref="MappedMemory.Revoke"/>); where something
    /// is, the device still does not answer.</returns>
    /// <exception cref="VfioException">The kernel does not map it any more.</exception>
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

    /// <summary>Ends the guard. No thread may access the mapping any more.</summary>
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
