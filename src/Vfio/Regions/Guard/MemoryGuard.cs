using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Keeps the process alive when mapped device memory stops answering. It consists of a handler of SIGBUS
/// (MemoryGuard.S) and the table of mappings that the handler reads. Together with <see cref="MappingBudget"/> it is
/// the only global state of the process; it is installed with the first mapping of a device, and stays until the
/// process ends.
/// </summary>
/// <remarks>
/// SIGBUS at any other address goes to the previous handler (that of the runtime), or ends the process as it would
/// have. There is code only for x86-64. On other processors, and if the kernel allows no executable memory, nothing can
/// be guarded, so no memory of a device is mapped.
/// </remarks>
internal static unsafe class MemoryGuard
{
    /// <summary>The maximum number of guarded mappings.</summary>
    public const int Slots = 1024;

    /// <summary>
    /// The maximum number of covered pieces. A process can have 65,530 mappings (vm.max_map_count), a piece needs at
    /// most two, and <see cref="MappingBudget"/> has its share. Beyond the limit, one mapping of zeroes covers a whole
    /// window.
    /// </summary>
    public const int MostPieces = 8192;

    /// <summary>The number of bytes that are covered at a time.</summary>
    public const int Piece = 64 * 1024;

    /// <summary>The offset of the table after the code: a page of the only supported architecture.</summary>
    public const int TablePlace = 4096;

    // More faults than threads can have in progress when a mapping is restored. Each costs a microsecond if the device
    // still does not answer.
    private const int Grace = 256;

    private static readonly Lock Gate = new();
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static bool _isTried; // under the lock
    private static GuardTable* _table; // written once, under the lock

    /// <summary>Gets the number of covered pieces in this process.</summary>
    public static int Pieces => _table == null ? 0 : Volatile.Read(ref _table->Taken);

    /// <summary>Guards a mapping, and installs the handler if it is not installed yet.</summary>
    /// <returns>The slot, valid until <see cref="Release"/>; null if the mapping cannot be guarded.</returns>
    public static GuardSlot* TryTake(nint start, nuint length)
    {
        lock (Gate)
        {
            if (!_isTried)
            {
                _isTried = true;
                _table = TryInstall();
            }

            GuardSlot* slot = _table == null ? null : FindFree();
            if (slot != null)
            {
                slot->Start = start;
                slot->Grace = 0;
                Volatile.Write(ref slot->Length, length);
            }

            return slot;
        }
    }

    /// <summary>
    /// Ends the guard of a mapping that can no longer be accessed. Must be called before its address range is freed.
    /// </summary>
    public static void Release(GuardSlot* slot)
    {
        lock (Gate)
        {
            Volatile.Write(ref slot->Length, 0);
            ForgetHits(slot);
        }
    }

    /// <summary>Gets whether a part of the mapping was covered since it was last mapped.</summary>
    public static bool IsHit(GuardSlot* slot) => slot != null && Volatile.Read(ref slot->Hits) != 0;

    /// <summary>Records that the mapping was covered by other code than the handler.</summary>
    public static void NoteHit(GuardSlot* slot)
    {
        Interlocked.Increment(ref _table->Taken);
        Interlocked.Increment(ref slot->Hits);
    }

    /// <summary>
    /// Must be called before memory is mapped again: afterwards no thread is about to cover it, and faults in progress
    /// will not.
    /// </summary>
    /// <returns>Whether a part of it was covered, and must be mapped again.</returns>
    public static bool BeginRecovery(GuardSlot* slot)
    {
        Volatile.Write(ref slot->Grace, Grace);
        WaitForHandlers();
        bool isHit = IsHit(slot);
        ForgetHits(slot);
        return isHit;
    }

    /// <summary>Must be called after memory was mapped again.</summary>
    /// <returns>Whether it was not covered again meanwhile.</returns>
    public static bool EndRecovery(GuardSlot* slot)
    {
        WaitForHandlers();
        return !IsHit(slot);
    }

    private static void WaitForHandlers() => SpinWait.SpinUntil(() => Volatile.Read(ref _table->Busy) == 0, Patience);

    private static void ForgetHits(GuardSlot* slot) =>
        Interlocked.Add(ref _table->Taken, -Interlocked.Exchange(ref slot->Hits, 0));

    private static GuardSlot* FindFree()
    {
        GuardSlot* slots = (GuardSlot*)((byte*)_table + SlotsPlace);
        for (int i = 0; i < Slots; i++)
        {
            if (slots[i].Length == 0)
            {
                Volatile.Write(ref _table->Count, int.Max(_table->Count, i + 1));
                return &slots[i];
            }
        }

        return null;
    }

    private static int SlotsPlace => sizeof(GuardTable);

    private static GuardTable* TryInstall()
    {
        nuint length = TablePlace + (nuint)SlotsPlace + (Slots * (nuint)sizeof(GuardSlot));
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64 || TryMakeOnes() is not int ones)
        {
            return null;
        }

        nint code = Libc.MMap(
            0, length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS, -1, 0);
        if (code == Libc.MAP_FAILED)
        {
            return null;
        }

        MemoryGuardCode.X64.CopyTo(new Span<byte>((void*)code, TablePlace));
        GuardTable* table = (GuardTable*)(code + TablePlace);
        (table->Ones, table->Limit) = (ones, MostPieces);
        return Libc.MProtect(code, TablePlace, Libc.PROT_READ | Libc.PROT_EXEC) == 0 && TryHandle(code, table)
            ? table
            : null;
    }

    // The previous handler's flags and mask stay in effect: it is called as if it were still installed. If there was
    // none, our handler uses the alternate signal stack if there is one.
    private static bool TryHandle(nint code, GuardTable* table)
    {
        Libc.sigaction before;
        if (Libc.SigAction(Libc.SIGBUS, null, &before) != 0)
        {
            return false;
        }

        const nint Ignore = 1;
        table->Old = before.sa_handler;
        Libc.sigaction ours = before;
        ours.sa_handler = code;
        ours.sa_flags = table->Old <= Ignore && table->Old >= 0
            ? Libc.SA_SIGINFO | Libc.SA_RESTART | Libc.SA_ONSTACK
            : (before.sa_flags & (int)~Libc.SA_RESETHAND) | Libc.SA_SIGINFO;
        if (Libc.SigAction(Libc.SIGBUS, &ours, &before) != 0)
        {
            return false;
        }

        table->Old = before.sa_handler; // another handler may have been installed meanwhile
        return true;
    }

    // Its number is in the handler's table, so no SafeHandle may close it. Its length and content are sealed.
    private static int? TryMakeOnes()
    {
        using SafeFileHandle file = Libc.MemfdCreate("vfio-ones", Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING);
        byte[] ones = new byte[Piece];
        ones.AsSpan().Fill(0xff);
        if (file.IsInvalid || PositionedIo.Write(file, ones, 0, out nint done) != 0 || done != Piece
            || Libc.FCntl(
                file, Libc.F_ADD_SEALS, Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW | Libc.F_SEAL_WRITE | Libc.F_SEAL_SEAL)
                != 0)
        {
            return null;
        }

        int number = (int)file.DangerousGetHandle();
        file.SetHandleAsInvalid();
        return number;
    }
}
