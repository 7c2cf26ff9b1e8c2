using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Vfio;

/// <summary>
/// Keeps the process alive when mapped device memory stops answering: the handler of SIGBUS that MemoryGuard.S is, and
/// the table of mappings it looks into. With <see cref="MappingBudget"/> the only state of the process; installed with
/// the first mapping of a device, and there until the process ends.
/// </summary>
/// <remarks>
/// SIGBUS at any other address goes to the handler that was there before (the runtime's), or ends the process as it
/// would have. Only x86-64 has the code; elsewhere, and where the kernel allows no executable memory, nothing is
/// guarded and so nothing of a device is mapped.
/// </remarks>
internal static unsafe class MemoryGuard
{
    /// <summary>How many mappings can be guarded at a time.</summary>
    public const int Slots = 1024;

    /// <summary>
    /// How many pieces may be covered. A process has 65,530 mappings (vm.max_map_count), a piece takes two at most, and
    /// <see cref="MappingBudget"/> has its share; beyond the limit one mapping of zeroes covers a whole window.
    /// </summary>
    public const int MostPieces = 8192;

    /// <summary>Bytes that are covered at a time.</summary>
    public const int Piece = 64 * 1024;

    /// <summary>Where the table lies behind the code: a page of the only architecture there is code for.</summary>
    public const int TablePlace = 4096;

    // More than threads can have a fault under way at the moment a mapping is put back; each costs a microsecond where
    // the device is still away.
    private const int Grace = 256;

    private static readonly Lock Gate = new();
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static bool _isTried; // locked
    private static GuardTable* _table; // written once, locked

    /// <summary>Gets how many pieces are covered in this process.</summary>
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
    /// Ends the guard of a mapping that can no longer be reached. To be called before its address range is freed.
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

    /// <summary>The mapping was covered, but not by the handler.</summary>
    public static void NoteHit(GuardSlot* slot)
    {
        Interlocked.Increment(ref _table->Taken);
        Interlocked.Increment(ref slot->Hits);
    }

    /// <summary>
    /// To be called before memory is mapped again: no thread is still about to cover it, and faults that are under way
    /// will not.
    /// </summary>
    /// <returns>Whether a part of it was covered, and so it is to be mapped again.</returns>
    public static bool BeginRecovery(GuardSlot* slot)
    {
        Volatile.Write(ref slot->Grace, Grace);
        WaitForHandlers();
        bool isHit = IsHit(slot);
        ForgetHits(slot);
        return isHit;
    }

    /// <summary>To be called after memory was mapped again.</summary>
    /// <returns>Whether it was not covered meanwhile.</returns>
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

    // The previous handler's flags and mask stay in force: it is called as if it were still installed. If there was no
    // handler, ours uses the alternate signal stack if there is one.
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

        table->Old = before.sa_handler; // another handler may have been installed in between
        return true;
    }

    // Its number is in the handler's table: no SafeHandle may close it. Its length and content are sealed.
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
