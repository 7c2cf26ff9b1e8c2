/*
 * What the process does when an access to mapped device memory is answered with SIGBUS: it puts memory of ones in the place
 * that was touched, counts that, and lets the access be made again. x86-64, Linux.
 *
 * This is the only code of the library that is not C#: a signal may find a thread anywhere in managed code, where the runtime
 * allows no managed handler. It calls nothing, allocates nothing, and uses neither errno nor thread-local memory; it needs
 * 48 bytes of stack. eng/guard-code assembles it into MemoryGuardCode.cs; a test holds that the two are the same.
 *
 * In memory the table follows the code, a page after its start, so that one displacement finds it. GuardTable.cs has the
 * same table in C#, and a test compares the offsets.
 */
#include <linux/mman.h>
#include <asm/unistd.h>

#define TABLE           4096    /* from the code's start */
#define TABLE_OLD       0       /* 8: the handler of before: a function, or SIG_DFL or SIG_IGN */
#define TABLE_ONES      8       /* 4: descriptor of a file of PIECE ones, sealed */
#define TABLE_LIMIT     12      /* 4: how many pieces all slots may take */
#define TABLE_TAKEN     16      /* 4: how many they took */
#define TABLE_BUSY      20      /* 4: threads that are between finding a slot and having covered it */
#define TABLE_COUNT     24      /* 4: slots that were ever used */
#define TABLE_DEFAULT   32      /* 32: the kernel's struct sigaction of SIG_DFL: zeroes */
#define TABLE_SLOTS     64

#define SLOT_START      0       /* 8: where a mapping starts */
#define SLOT_LENGTH     8       /* 8: its bytes; 0 where the slot is free. Written last, cleared first */
#define SLOT_HITS       16      /* 4: times that this handler covered a part of it */
#define SLOT_GRACE      20      /* 4: so many faults are old news: the memory was mapped again since */
#define SLOT_BYTES      32

#define PIECE           65536

#define SIGBUS          7
#define SIG_IGN         1
#define BUS_ADRERR      2       /* si_code: there is nothing behind this address; not an alignment check, not a memory error */
#define SI_CODE         8       /* offsets in siginfo_t */
#define SI_ADDR         16
#define KERNEL_SIGSET   8       /* bytes of the kernel's signal set */

        .text
/* edi: the signal; rsi: siginfo_t; rdx: ucontext_t. Only registers that a function may change are used. */
guard:
        endbr64
        lea     guard + TABLE(%rip), %r8
        cmpl    $BUS_ADRERR, SI_CODE(%rsi)
        jne     chain

        lock incl TABLE_BUSY(%r8)
        mov     SI_ADDR(%rsi), %rax
        mov     TABLE_COUNT(%r8), %ecx
        lea     TABLE_SLOTS(%r8), %r9
search: sub     $1, %ecx
        jb      miss
        mov     SLOT_LENGTH(%r9), %r10
        mov     SLOT_START(%r9), %r11
        cmp     SLOT_LENGTH(%r9), %r10          /* changing just now: then it is not the slot of this access, which lives */
        jne     next
        mov     %rax, %rdi
        sub     %r11, %rdi
        cmp     %r10, %rdi
        jb      found
next:   add     $SLOT_BYTES, %r9
        jmp     search

/* r9: the slot, r10: its length, r11: its start, rdi: the offset of the access. */
found:  cmpl    $0, SLOT_GRACE(%r9)
        jle     cover
        lock decl SLOT_GRACE(%r9)
        lock decl TABLE_BUSY(%r8)
        ret                                     /* the access is made again, and comes back here if the device is still away */

cover:  push    %rsi
        push    %rdx
        push    %r9
        push    %r10
        push    %r11
        mov     $1, %eax
        lock xadd %eax, TABLE_TAKEN(%r8)
        cmp     TABLE_LIMIT(%r8), %eax
        jae     whole

        /* The piece of ones that the access lies in, cut at the mapping's end. */
        and     $-PIECE, %rdi
        mov     %r10, %rsi
        sub     %rdi, %rsi
        mov     $PIECE, %eax
        cmp     %rax, %rsi
        cmova   %rax, %rsi
        add     %r11, %rdi
        mov     $(PROT_READ | PROT_WRITE), %edx
        mov     $(MAP_PRIVATE | MAP_FIXED), %r10d
        mov     TABLE_ONES(%r8), %r8d
        xor     %r9d, %r9d
        mov     $__NR_mmap, %eax
        syscall                                 /* changes rax, rcx and r11 alone */
        cmp     %rdi, %rax
        je      covered

        /* Too many pieces, or no memory for one more mapping: zeroes over the whole, which are a single one. */
whole:  mov     (%rsp), %rdi
        mov     8(%rsp), %rsi
        mov     $(PROT_READ | PROT_WRITE), %edx
        mov     $(MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE), %r10d
        mov     $-1, %r8
        xor     %r9d, %r9d
        mov     $__NR_mmap, %eax
        syscall
        cmp     %rdi, %rax
        jne     failed

covered:
        lea     guard + TABLE(%rip), %r8
        mov     16(%rsp), %r9
        lock incl SLOT_HITS(%r9)
        lock decl TABLE_BUSY(%r8)
        add     $40, %rsp
        ret                                     /* the access is made again, and finds memory */

failed: lea     guard + TABLE(%rip), %r8
        lock decl TABLE_TAKEN(%r8)
        add     $24, %rsp
        pop     %rdx
        pop     %rsi
miss:   lock decl TABLE_BUSY(%r8)

/* Not ours: whoever had the signal before gets it, as the kernel would have called it. */
chain:  mov     $SIGBUS, %edi
        mov     TABLE_OLD(%r8), %rax
        cmp     $SIG_IGN, %rax
        jbe     nobody
        jmp     *%rax

/*
 * Nobody had it. A fault of this thread's ends the process, ignored or not, when the access is made again without a handler.
 * A signal that a process sent is ignored, or sent once more to end this one.
 */
nobody: mov     SI_CODE(%rsi), %r9d
        jb      default
        test    %r9d, %r9d
        jg      default
        ret

default:
        lea     TABLE_DEFAULT(%r8), %rsi
        xor     %edx, %edx
        mov     $KERNEL_SIGSET, %r10d
        mov     $__NR_rt_sigaction, %eax
        syscall
        test    %r9d, %r9d
        jg      leave
        mov     $__NR_getpid, %eax
        syscall
        mov     %eax, %r8d
        mov     $__NR_gettid, %eax
        syscall
        mov     %r8d, %edi
        mov     %eax, %esi
        mov     $SIGBUS, %edx
        mov     $__NR_tgkill, %eax
        syscall
leave:  ret

        .section .note.GNU-stack, "", @progbits
