/*
 * Stops a command at the calls that change the host, and at no other: a seccomp filter lets everything else run at full speed.
 * Such a call is a point; points are counted from 1, over the command and every process and thread that it starts.
 *
 *   killpoint [--ioctls] --record FILE -- CMD...     writes each point to FILE: "CALL TARGET PROGRAM" per line
 *   killpoint [--ioctls] --kill N -- CMD...          kills them all with SIGKILL at point N, before the call is made
 *   killpoint [--ioctls] --fail N ERRNO -- CMD...    point N is not made and fails with ERRNO (a name; 0: it seems to succeed)
 *
 * With --ioctls the points are the ioctls of VFIO and iommufd instead. The exit code is the command's, 137 after --kill, 125 if
 * killpoint itself fails.
 *
 * Writes, truncations and syncs are points on regular files, block devices and (syncs) folders only: not on terminals, pipes,
 * sockets, eventfds and memfds, nor on what a process has for itself in /proc, nor on killpoint's own output. A call that changes
 * nothing is not a point: creating what exists (a lock file, a folder), truncating an attribute of the kernel's, removing or
 * renaming what does not exist.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
#define THIS_ARCH AUDIT_ARCH_X86_64
#else
#define THIS_ARCH AUDIT_ARCH_AARCH64
#endif

#define FAILED 125
#define NO_CALL -1
#define NO_ARGUMENT -1
#define VFIO_AND_IOMMUFD 0x3b

/* Where a call names what it changes; the numbers are arguments. */
enum target { NOTHING, NAME0, FD0, PATH0, PATH1, AT01, AT12, PATHS01, ATS0123 };

/* What there must be for the call to change something. */
enum rule { ALWAYS, DATA, SYNCED, EXISTS, MAKES, OPENS, INTERFACE, DEVICE };

struct call {
	int number;
	const char *name;
	enum target target;
	enum rule rule;
};

#define CALL(name, target, rule) { SYS_##name, #name, target, rule }

static const struct call changes[] = {
	CALL(write, FD0, DATA), CALL(pwrite64, FD0, DATA), CALL(writev, FD0, DATA), CALL(pwritev, FD0, DATA),
	CALL(pwritev2, FD0, DATA), CALL(sendfile, FD0, DATA), CALL(ftruncate, FD0, DATA), CALL(fallocate, FD0, DATA),
	CALL(fsync, FD0, SYNCED), CALL(fdatasync, FD0, SYNCED), CALL(syncfs, FD0, SYNCED), CALL(truncate, PATH0, EXISTS),
	CALL(openat, AT01, OPENS), CALL(openat2, AT01, OPENS),
	CALL(renameat, ATS0123, EXISTS), CALL(renameat2, ATS0123, EXISTS), CALL(unlinkat, AT01, EXISTS),
	CALL(mkdirat, AT01, MAKES), CALL(mknodat, AT01, MAKES), CALL(linkat, ATS0123, EXISTS), CALL(symlinkat, AT12, MAKES),
	CALL(setxattr, PATH0, EXISTS), CALL(lsetxattr, PATH0, EXISTS), CALL(fsetxattr, FD0, ALWAYS),
	CALL(removexattr, PATH0, EXISTS), CALL(lremovexattr, PATH0, EXISTS), CALL(fremovexattr, FD0, ALWAYS),
	CALL(fchmod, FD0, ALWAYS), CALL(fchmodat, AT01, EXISTS), CALL(fchown, FD0, ALWAYS), CALL(fchownat, AT01, EXISTS),
	CALL(finit_module, FD0, ALWAYS), CALL(init_module, NOTHING, ALWAYS), CALL(delete_module, NAME0, ALWAYS),
	CALL(mount, PATH1, EXISTS), CALL(umount2, PATH0, EXISTS), CALL(ioctl, NOTHING, INTERFACE),
#ifdef SYS_move_mount
	CALL(move_mount, ATS0123, EXISTS),
#endif
#ifdef SYS_fchmodat2
	CALL(fchmodat2, AT01, EXISTS),
#endif
#ifdef SYS_open
	CALL(open, PATH0, OPENS), CALL(creat, PATH0, OPENS), CALL(rename, PATHS01, EXISTS), CALL(unlink, PATH0, EXISTS),
	CALL(rmdir, PATH0, EXISTS), CALL(mkdir, PATH0, MAKES), CALL(mknod, PATH0, MAKES), CALL(link, PATHS01, EXISTS),
	CALL(symlink, PATH1, MAKES), CALL(chmod, PATH0, EXISTS), CALL(chown, PATH0, EXISTS), CALL(lchown, PATH0, EXISTS),
#endif
};

static const struct call ioctls[] = { CALL(ioctl, FD0, DEVICE) };

static const struct call *calls = changes;
static size_t call_count = sizeof(changes) / sizeof(*changes);

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("killpoint: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	exit(FAILED); /* PTRACE_O_EXITKILL ends the command */
}

/* -- The filter ------------------------------------------------------------------------------------------------------------- */

#define FILTER_PER_CALL 6

static struct sock_filter filter[8 + FILTER_PER_CALL * sizeof(changes) / sizeof(*changes)];
static unsigned short filter_length;

static void emit(unsigned short code, uint32_t value, unsigned char if_true, unsigned char if_false)
{
	filter[filter_length++] = (struct sock_filter)BPF_JUMP(code, value, if_true, if_false);
}

static void emit_load(size_t offset) { emit(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0); }

static void emit_return(uint32_t action) { emit(BPF_RET | BPF_K, action, 0, 0); }

/* Of an argument its lower half, where flags and ioctl numbers are. */
static void emit_load_argument(int index) { emit_load(offsetof(struct seccomp_data, args) + 8 * index); }

/* Also of an open or an ioctl only those that may matter stop: most do not. */
static void emit_call(const struct call *call)
{
	int flags = call->number == SYS_openat ? 2 : NO_ARGUMENT;

#ifdef SYS_open
	if (call->number == SYS_open)
		flags = 1;
#endif
	emit(BPF_JMP | BPF_JEQ | BPF_K, call->number, 0, flags != NO_ARGUMENT ? 4 : call->number == SYS_ioctl ? 5 : 1);
	if (flags != NO_ARGUMENT) {
		emit_load_argument(flags);
		emit(BPF_JMP | BPF_JSET | BPF_K, O_CREAT | O_TRUNC, 0, 1);
	} else if (call->rule == DEVICE) {
		emit_load_argument(1);
		emit(BPF_ALU | BPF_AND | BPF_K, 0xff00, 0, 0);
		emit(BPF_JMP | BPF_JEQ | BPF_K, VFIO_AND_IOMMUFD << 8, 0, 1);
	} else if (call->rule == INTERFACE) {
		emit_load_argument(1);
		emit(BPF_JMP | BPF_JEQ | BPF_K, SIOCSIFNAME, 1, 0);
		emit(BPF_JMP | BPF_JEQ | BPF_K, SIOCSIFFLAGS, 0, 1);
	}
	emit_return(SECCOMP_RET_TRACE);
	if (flags != NO_ARGUMENT || call->number == SYS_ioctl)
		emit_return(SECCOMP_RET_ALLOW);
}

static void make_filter(void)
{
	emit_load(offsetof(struct seccomp_data, arch));
	emit(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCH, 1, 0);
	emit_return(SECCOMP_RET_KILL_PROCESS); /* 32-bit calls have other numbers */
	emit_load(offsetof(struct seccomp_data, nr));
	emit(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
	emit_return(SECCOMP_RET_KILL_PROCESS); /* as x32's have */
	for (const struct call *call = calls; call < calls + call_count; call++)
		emit_call(call);
	emit_return(SECCOMP_RET_ALLOW);
}

static void install_filter(void)
{
	struct sock_fprog program = { .len = filter_length, .filter = filter };

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
		return;
	/* An ordinary user may install one only after giving up set-user-ID programs. */
	if (errno != EACCES || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		die("cannot install a seccomp filter: %s", strerror(errno));
}

/* -- What a call changes ----------------------------------------------------------------------------------------------------- */

struct point {
	pid_t task;
	const struct call *call;
	uint64_t arguments[6];
	char first[4096], second[4096];
};

static bool read_link(char *path, size_t size, pid_t task, const char *format, int number)
{
	char link[64];
	int start = snprintf(link, sizeof(link), "/proc/%d/", task);

	snprintf(link + start, sizeof(link) - start, format, number);
	ssize_t length = readlink(link, path, size - 1);
	path[length < 0 ? 0 : length] = '\0';
	return length >= 0;
}

static void read_string(pid_t task, uint64_t address, char *text, size_t size)
{
	size_t length = 0;

	while (length < size - 1) {
		/* Never beyond a page: the next one may not be there. */
		size_t part = 4096 - (address + length) % 4096;
		struct iovec local = { text + length, part < size - 1 - length ? part : size - 1 - length };
		struct iovec remote = { (void *)(address + length), local.iov_len };
		ssize_t got = process_vm_readv(task, &local, 1, &remote, 1, 0);

		if (got <= 0)
			break;
		if (memchr(text + length, '\0', got) != NULL)
			return;
		length += got;
	}
	text[length] = '\0';
}

static void read_path(const struct point *point, char *path, int directory, uint64_t address)
{
	char given[2048], base[2000];

	read_string(point->task, address, given, sizeof(given));
	if (given[0] == '/') {
		strcpy(path, given);
		return;
	}
	if (directory == AT_FDCWD)
		read_link(base, sizeof(base), point->task, "cwd", 0);
	else
		read_link(base, sizeof(base), point->task, "fd/%d", directory);
	if (given[0] == '\0')
		strcpy(path, base); /* AT_EMPTY_PATH */
	else
		sprintf(path, "%s/%s", strcmp(base, "/") == 0 ? "" : base, given);
}

static void find_target(struct point *point)
{
	const uint64_t *arguments = point->arguments;
	char *first = point->first;

	first[0] = point->second[0] = '\0';
	switch (point->call->target) {
	case NOTHING: break;
	case NAME0: read_string(point->task, arguments[0], first, sizeof(point->first)); break;
	case FD0: read_link(first, sizeof(point->first), point->task, "fd/%d", (int)arguments[0]); break;
	case PATH0: read_path(point, first, AT_FDCWD, arguments[0]); break;
	case PATH1: read_path(point, first, AT_FDCWD, arguments[1]); break;
	case AT01: read_path(point, first, (int)arguments[0], arguments[1]); break;
	case AT12: read_path(point, first, (int)arguments[1], arguments[2]); break;
	case PATHS01:
		read_path(point, first, AT_FDCWD, arguments[0]);
		read_path(point, point->second, AT_FDCWD, arguments[1]);
		break;
	case ATS0123:
		read_path(point, first, (int)arguments[0], arguments[1]);
		read_path(point, point->second, (int)arguments[2], arguments[3]);
		break;
	}
}

static bool is_own_output(const struct stat *status)
{
	struct stat own;

	for (int fd = 1; fd <= 2; fd++)
		if (fstat(fd, &own) == 0 && own.st_dev == status->st_dev && own.st_ino == status->st_ino)
			return true;
	return false;
}

static bool is_of_the_host(const struct point *point, bool folders)
{
	char link[64];
	struct stat status;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", point->task, (int)point->arguments[0]);
	if (stat(link, &status) != 0 || is_own_output(&status))
		return false;
	if (strncmp(point->first, "/memfd:", 7) == 0)
		return false;
	if (strncmp(point->first, "/proc/", 6) == 0 && strncmp(point->first, "/proc/sys/", 10) != 0)
		return false;
	return S_ISREG(status.st_mode) || S_ISBLK(status.st_mode) || (folders && S_ISDIR(status.st_mode));
}

static bool changes_something(struct point *point)
{
	struct stat status;
	bool exists;

	find_target(point);
	switch (point->call->rule) {
	case DATA: return is_of_the_host(point, false);
	case SYNCED: return is_of_the_host(point, true);
	case INTERFACE:
		read_string(point->task, point->arguments[2], point->first, 16); /* ifr_name */
		return point->arguments[1] == SIOCSIFNAME || point->arguments[1] == SIOCSIFFLAGS;
	case DEVICE: return (point->arguments[1] >> 8 & 0xff) == VFIO_AND_IOMMUFD;
	case ALWAYS: return true;
	default: break;
	}
	exists = lstat(point->first, &status) == 0;
	switch (point->call->rule) {
	case MAKES: return !exists;
	case OPENS: {
		uint64_t flags = point->arguments[point->call->target == AT01 ? 2 : 1];

		if (strcmp(point->call->name, "creat") == 0)
			flags = O_CREAT | O_TRUNC;
		else if (point->call->number == SYS_openat2) {
			struct iovec local = { &flags, sizeof(flags) }, remote = { (void *)flags, sizeof(flags) };

			if (process_vm_readv(point->task, &local, 1, &remote, 1, 0) != sizeof(flags))
				die("openat2 cannot be read");
		}
		/* The kernel's attributes have nothing to truncate: a shell's ">" changes them by its write only. */
		return exists ? (flags & O_TRUNC) && S_ISREG(status.st_mode) && strncmp(point->first, "/sys/", 5) != 0 : flags & O_CREAT;
	}
	default: return exists;
	}
}

/* -- The command and all that it starts --------------------------------------------------------------------------------------- */

/* Not glibc's <sys/ptrace.h>: the kernel's <linux/ptrace.h> has all the structures, and the two cannot be included together. */
static long ptrace(long request, pid_t task, unsigned long address, void *data)
{
	return syscall(SYS_ptrace, request, task, address, data);
}

static FILE *record;
static long kill_at, fail_at, fail_with, points;
static bool killing;
static pid_t *tasks;
static size_t task_count;

static void add_task(pid_t task)
{
	for (size_t i = 0; i < task_count; i++)
		if (tasks[i] == task)
			return;
	tasks = realloc(tasks, (task_count + 1) * sizeof(*tasks));
	if (tasks == NULL)
		die("no memory");
	tasks[task_count++] = task;
}

static void remove_task(pid_t task)
{
	for (size_t i = 0; i < task_count; i++)
		if (tasks[i] == task)
			tasks[i--] = tasks[--task_count];
}

static void kill_all(void)
{
	killing = true;
	for (size_t i = 0; i < task_count; i++)
		kill(tasks[i], SIGKILL);
}

/* Makes the call that a task is about to make return at once. */
static void skip_call(pid_t task, long result)
{
#ifdef __x86_64__
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, task, 0, &registers) != 0)
		die("PTRACE_GETREGS: %s", strerror(errno));
	registers.orig_rax = NO_CALL;
	registers.rax = result;
	if (ptrace(PTRACE_SETREGS, task, 0, &registers) != 0)
		die("PTRACE_SETREGS: %s", strerror(errno));
#else
	die("cannot make call of %d return %ld on this architecture", task, result);
#endif
}

static void at_call(pid_t task)
{
	static struct point point;
	struct ptrace_syscall_info info;
	char program[4096];

	if (ptrace(PTRACE_GET_SYSCALL_INFO, task, sizeof(info), &info) <= 0)
		return; /* killed meanwhile */
	point.task = task;
	memcpy(point.arguments, info.seccomp.args, sizeof(point.arguments));
	for (point.call = calls; point.call->number != (int)info.seccomp.nr; point.call++)
		;
	if (!changes_something(&point))
		return;
	points++;
	if (record != NULL) {
		read_link(program, sizeof(program), task, "exe", 0);
		fprintf(record, "%s ", point.call->name);
		if (point.call->number == SYS_ioctl)
			fprintf(record, "0x%x ", (unsigned int)point.arguments[1]);
		fprintf(record, "%s%s%s %s\n", point.first, point.second[0] ? " -> " : "", point.second,
			strrchr(program, '/') ? strrchr(program, '/') + 1 : program);
	}
	if (points == kill_at)
		kill_all();
	else if (points == fail_at)
		skip_call(task, -fail_with);
}

/* One stop of one task. */
static void resume(pid_t task, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;
	unsigned long other;

	add_task(task);
	if (killing) {
		kill(task, SIGKILL);
		return;
	}
	switch (event) {
	case 0: break; /* a signal on its way: passed on */
	case PTRACE_EVENT_STOP:
		if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) {
			ptrace(PTRACE_LISTEN, task, 0, NULL); /* stays stopped until SIGCONT, as it would without us */
			return;
		}
		signal = 0;
		break;
	case PTRACE_EVENT_SECCOMP:
		at_call(task);
		signal = 0;
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
	case PTRACE_EVENT_EXEC:
		/* An exec by another thread than the first gives that thread the first one's number. */
		if (ptrace(PTRACE_GETEVENTMSG, task, 0, &other) == 0) {
			if (event != PTRACE_EVENT_EXEC)
				add_task(other);
			else if ((pid_t)other != task)
				remove_task(other);
		}
		signal = 0;
		break;
	default: signal = 0;
	}
	/* ESRCH: it was killed meanwhile, which waitpid tells next. */
	if (ptrace(PTRACE_CONT, task, 0, (void *)(long)signal) != 0 && errno != ESRCH)
		die("PTRACE_CONT: %s", strerror(errno));
}

#define OPTIONS \
	(PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
	 PTRACE_O_TRACEEXEC | 0UL)

static pid_t start(char **command)
{
	int gate[2];
	char byte = 0;
	pid_t child;

	if (pipe2(gate, O_CLOEXEC) != 0 || (child = fork()) < 0)
		die("cannot start a process: %s", strerror(errno));
	if (child == 0) {
		close(gate[1]);
		if (read(gate[0], &byte, 1) != 1)
			_exit(FAILED); /* its tracer has died */
		install_filter();
		execvp(command[0], command);
		die("%s: %s", command[0], strerror(errno));
	}
	if (ptrace(PTRACE_SEIZE, child, 0, (void *)OPTIONS) != 0)
		die("PTRACE_SEIZE: %s", strerror(errno));
	close(gate[0]);
	if (write(gate[1], &byte, 1) != 1)
		die("the command did not start");
	close(gate[1]);
	return child;
}

/* Until the last of them is gone: what a child still does in the kernel must not reach into what the caller looks at next. */
static int follow(pid_t first)
{
	int status, code = FAILED;
	pid_t task;

	add_task(first);
	while ((task = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (task <= 0)
			continue;
		if (WIFSTOPPED(status)) {
			resume(task, status);
			continue;
		}
		remove_task(task);
		if (task == first)
			code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	return killing ? 128 + SIGKILL : code;
}

static long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end != '\0' || value < 1)
		die("'%s' is not the number of a point", text);
	return value;
}

static long error_number(const char *name)
{
	if (strcmp(name, "0") == 0)
		return 0;
	for (int i = 1; i < 134; i++)
		if (strerrorname_np(i) != NULL && strcmp(strerrorname_np(i), name) == 0)
			return i;
	die("'%s' is not the name of an error", name);
}

int main(int argc, char **argv)
{
	int i = 1;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--ioctls") == 0) {
			calls = ioctls;
			call_count = 1;
		} else if (strcmp(argv[i], "--record") == 0 && i + 1 < argc) {
			record = fopen(argv[++i], "we");
			if (record == NULL)
				die("%s: %s", argv[i], strerror(errno));
		} else if (strcmp(argv[i], "--kill") == 0 && i + 1 < argc) {
			kill_at = number(argv[++i]);
		} else if (strcmp(argv[i], "--fail") == 0 && i + 2 < argc) {
			fail_at = number(argv[i + 1]);
			fail_with = error_number(argv[i + 2]);
			i += 2;
		} else {
			die("unknown option '%s'", argv[i]);
		}
	}
	if (i + 1 >= argc || (record == NULL) + (kill_at == 0) + (fail_at == 0) != 2)
		die("usage: killpoint [--ioctls] --record FILE | --kill N | --fail N ERRNO -- CMD...");
	make_filter();
	int code = follow(start(argv + i + 1));
	if (record != NULL && fclose(record) != 0)
		die("the record cannot be written");
	return code;
}
