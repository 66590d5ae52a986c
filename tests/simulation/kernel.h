#ifndef SIMULATION_KERNEL_H
#define SIMULATION_KERNEL_H

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "simulation/chance.h"

/*
 * A kernel in one process, for programs that are linked into it: time, processes, threads, files,
 * sockets and signals, as far as the chat tools use them. Nothing in it is real: time passes when
 * every thread waits, a disk is memory, and what happens next is drawn from the seed. So the same
 * seed gives the same run.
 *
 * A program is its own main, under another name; its calls of the C library, of the system and of
 * libuv are replaced by the functions of the list in tests/simulation/platform.
 */

#define MICROSECOND INT64_C(1000)
#define MILLISECOND INT64_C(1000000)
#define SECOND INT64_C(1000000000)
#define NEVER INT64_MAX

/* Sets errno. Returns -1. */
static inline int
fail_with(int error)
{
	errno = error;
	return -1;
}

/* ---- the world (world.c) ---- */

/* Faults that may happen, in thousandths of the cases, and how long things take. 0 everywhere:
 * nothing goes wrong. */
struct faults {
	unsigned short_read, short_write; /* of sockets and pipes */
	unsigned delay; /* a piece takes long on its way */
	int64_t delay_ns; /* at most; else less than a millisecond */
	int64_t socket_bytes; /* the kernel holds of a direction: SOCKET_BYTES, or up to less */
	unsigned disk_short, disk_full, disk_error; /* writes that are cut, that fail */
	unsigned sync_error, sync_slow;
	int64_t sync_ns; /* how long a slow sync takes, at most */
	unsigned open_error;
	unsigned accept_error; /* also of bind(2) */
	bool has_ring; /* the kernel has io_uring */
	unsigned ring_error;
	int64_t clock_step_ns; /* the wall clock is set by up to this, either way */
	unsigned clock_steps;
	/* Of the stream of a cluster (jetstream.h). */
	unsigned stream_late; /* what is published, answered or read takes long */
	int64_t stream_ns; /* at most */
	unsigned stream_lost; /* publications and answers */
	unsigned stream_twice; /* answers */
	unsigned stream_away, stream_refused; /* answers of who did not store a batch */
	unsigned stream_says; /* of what is said, this is lost */
};

#define SOCKET_BYTES (1 << 20)

/* Counts of what happened, for the report of a run. */
struct tally {
	uint64_t steps, calls;
	uint64_t short_reads, short_writes, delays, resets;
	uint64_t disk_shorts, disk_fulls, disk_errors, sync_errors, slow_syncs, power_losses;
	uint64_t kills, starts, clock_steps, lost_pages, messages;
	uint64_t metrics; /* that the server wrote */
	/* Of streams: batches that were stored, that were published again after that, that were
	 * answered by nobody, and how many times there was no leader, or no connection. */
	uint64_t batches, batches_again, batches_lost, leaders, cuts, losses;
	uint64_t deletions,
		strangers; /* streams that were deleted; what a stranger has published */
};

/* Begins a world: time 0, no process, an empty disk. There is one at a time. */
void world_begin(uint64_t seed);

/* Ends it: every process is gone, everything is freed. */
void world_end(void);
bool world_is_ending(void); /* then nothing must be delayed any more */

/* Runs until world_stop() was called or nothing can happen any more. Returns false in the second
 * case, or if more than most_steps were made. */
bool world_run(uint64_t most_steps);
void world_stop(void);

int64_t world_now_ns(void);
int64_t world_unix_ns(void);
void world_step_clock(int64_t by_ns); /* the wall clock is set */
struct faults *world_faults(void);
struct tally *world_tally(void);

/* The chance that faults, delays and the order of threads are drawn from. */
struct chance *world_chance(void);
uint64_t world_seed(void);

/* Adds bytes that left a program to the hash of the run. */
void world_note(const void *bytes, size_t len);
uint64_t world_hash(void);

/* Calls run(arg) at a time. It is not a thread: it must not wait. */
void world_at(int64_t time_ns, void (*run)(void *arg), void *arg);

/* Says what happens, if the world is traced. */
void world_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
void world_trace_on(bool on);

/* ---- processes and threads (process.c) ---- */

struct process;
struct task;
struct file;

struct program {
	const char *name;
	int (*main)(int argc, char **argv);
};

#define PROCESS_FDS 1024

/*
 * Starts a process. argv ends with NULL and is copied, as is env ("NAME=value", NULL at the end, or
 * NULL for none). fds 0 to 2 are its standard descriptors: it gets a reference of each.
 */
struct process *process_start(const struct program *program, const char *const argv[],
	const char *const env[], struct file *const fds[3]);

/* As kill(2). SIGKILL: the process is gone on return, if it is not the one that calls. */
void process_signal(struct process *process, int signal);
bool process_is_alive(const struct process *process);

/* The status as a shell says it: the exit status, or 128 and the signal. Valid when it is not
 * alive. */
int process_status(const struct process *process);

/* Frees a process that is not alive. */
void process_free(struct process *process);

/* Its place in the tree of processes. */
struct kin {
	struct process *parent; /* NULL: nobody waits for it */
	int pid, group;
	bool left; /* its end was told */
};

struct kin *process_kin(struct process *process);

/* The process after this one, of all that are not freed; NULL: the first one. */
struct process *process_next(const struct process *process);

/* The program that a process can start by this name (programs.c). NULL: there is none. A program
 * without main cannot be executed. */
const struct program *program_find(const char *name);

/* Called at the end of a process: its parent gets SIGCHLD, and its children (children.c). */
void children_leave(struct process *process);

/* Sets its clocks apart from those of the world: its wall clock by offset_ns, and both of them pass
 * by so many thousandths faster. For a process that has not run yet. */
void process_set_clocks(struct process *process, int64_t offset_ns, int drift);

/* The clocks of the running process, and the time of the world when the first one shows this. */
int64_t process_now_ns(void);
int64_t process_unix_ns(void);
int64_t process_world_ns(int64_t ns);

/* The number of bytes that it has allocated and not freed. */
size_t process_memory(const struct process *process);

/* Its variable of the environment, for the running process; NULL: it has none. */
const char *process_env(const char *name);

/* It has ended by this signal. */
void process_kill(struct process *process, int signal);
struct file *process_file_of(struct process *process, int fd);
const char *process_name(const struct process *process);
struct process *process_self(void); /* of the running thread */
_Noreturn void process_exit(int status);
int process_fd(struct file *file); /* takes the lowest free descriptor and the reference; or -1 */
struct file *process_file(int fd); /* borrowed; NULL: it is not open */
int process_drop_fd(int fd); /* close(2) */

/* Another thread of the running process. run may return. */
struct task *task_start(void (*run)(void *arg), void *arg);
struct task *task_self(void);
bool task_has_ended(const struct task *task);
void task_free(struct task *task); /* an ended one */

/* Waits until the time or task_wake(). Others run, even if neither is needed. */
void task_wait(int64_t until_ns);
void task_wake(struct task *task);

/* A call of the system begins: time passes, and others may run first. */
void task_call(void);

/* Until task_undivided(false) no others run before the calls of the system of this thread, which
 * must not wait. */
void task_undivided(bool undivided);

/* The running thread computes so long. */
void task_compute(int64_t ns);

/* ---- signals of a process (signals.c) ---- */

struct signal_state {
	uint64_t blocked, pending, ignored;
	struct file *reader; /* its signalfd; borrowed */
	uint64_t taken; /* the mask of its signalfd */
	void (*handler)(void *arg, int signal); /* libuv's */
	void *handler_arg;
	uint64_t handled;
};

struct signal_state *process_signals(struct process *process);

/* The bits of a set: 1 << signal. */
uint64_t signal_bits(const sigset_t *set);

/* ---- files (file.c) ---- */

struct watch; /* somebody who waits for a file */

struct file_kind {
	/* None waits: -1 with errno EAGAIN instead. NULL: EINVAL. */
	ssize_t (*read)(struct file *file, void *bytes, size_t size);
	ssize_t (*write)(struct file *file, const void *bytes, size_t len);
	short (*ready)(struct file *file); /* POLLIN, POLLOUT, POLLERR, POLLHUP */
	void (*close)(struct file *file); /* the last reference is gone */
	void (*status)(struct file *file, struct stat *status);
};

struct file {
	const struct file_kind *kind;
	struct watch *watches;
	unsigned refs;
	int flags; /* O_ACCMODE, O_NONBLOCK, O_APPEND */
	void *data; /* of its kind */
	int64_t offset; /* of a file of the disk */
};

/* A new open file with one reference. */
struct file *file_new(const struct file_kind *kind, int flags, void *data);
struct file *file_ref(struct file *file);
void file_unref(struct file *file);

/* Wakes who waits for the file, since file->kind->ready() may answer something else now. */
void file_changed(struct file *file);

/* A watch calls `changed` until it is removed. */
struct watch {
	struct watch *next;
	struct file *file;
	void (*changed)(struct watch *watch);
	void *arg;
};

void file_watch(struct watch *watch, struct file *file);
void file_unwatch(struct watch *watch);

/* Waits until one of these is ready, or until the time. Returns the number of ready ones. */
int file_poll(struct pollfd *fds, size_t count, int64_t until_ns);

/* Opens what is in /dev (device.c); NULL: there is nothing of this name. */
struct file *device_open(const char *path, int flags);

/* ---- pipes and sockets (stream.c) ---- */

/* Two ends of a pipe: [0] is read, [1] is written. */
void stream_pipe(struct file *ends[2], size_t cap);

/* A socket that is not connected: of TCP, or of this machine (AF_UNIX). */
struct file *socket_new(int family, int flags);
void socket_pair(int family, int flags, struct file *ends[2]); /* of one connection */
int socket_bind(struct file *file, const struct sockaddr_storage *address);
int socket_listen(struct file *file);

/* As SO_RCVBUF of a socket that is not connected yet. */
void socket_set_receive_bytes(struct file *file, size_t bytes);
const struct sockaddr_storage *socket_address(const struct file *file); /* what it is bound to */
/* 0, or -1 with errno: EINPROGRESS, ECONNREFUSED. from: the address of the client. */
int socket_connect(
	struct file *file, const struct sockaddr_storage *to, const struct sockaddr_storage *from);
struct file *socket_accept(struct file *file, struct sockaddr_storage *from);
ssize_t socket_receive(struct file *file, void *bytes, size_t size);
ssize_t socket_send(struct file *file, const void *bytes, size_t len);
int socket_shut_down(struct file *file, int how);
int socket_error(struct file *file); /* SO_ERROR */
size_t socket_unsent(const struct file *file);
bool is_socket(const struct file *file);

/* Breaks every connection of a process, as a network does that resets. */
void sockets_reset(struct process *process);
/* Bytes that are on their way arrive only at that time. */
void sockets_hold(struct process *process, int64_t until_ns);

/* ---- the disk (disk.c) ---- */

void disk_begin(void);
void disk_end(void);

/* The machine whose files are in this directory loses its power: what was not synced is there or
 * not, page by page. No process may have a file there open. */
void disk_lose_power(const char *path);

int disk_open(const char *path, int flags, struct file **file); /* 0 or -1 with errno */
int disk_open_at(struct file *dir, const char *name, int flags, struct file **file);
ssize_t disk_read_at(struct file *file, void *bytes, size_t size, int64_t at);
ssize_t disk_write_at(struct file *file, const void *bytes, size_t len, int64_t at);
int disk_truncate(struct file *file, int64_t size);
int disk_sync(struct file *file); /* waits */
int disk_status_at(struct file *dir, const char *name, struct stat *status);
int disk_remove(struct file *dir, const char *name);
int disk_rename(struct file *dir, const char *from, const char *to);
int disk_link(struct file *dir, const char *from, const char *to); /* a second name */
int disk_make_dir(const char *path);
void disk_empty_dir(const char *path); /* somebody removes its files, and the names are synced */
void disk_make_null(void); /* /dev/null */
int disk_make_socket(const char *path); /* the name that a socket is bound to */
int disk_lock(struct file *file, int operation);
bool is_disk_file(const struct file *file);

/* The i-th name of a directory; NULL: there are no more. */
const char *disk_name(struct file *dir, size_t i);

/* The bytes of a file as programs see them. NULL: there is none. */
const char *disk_bytes(const char *path, size_t *len);

#endif
