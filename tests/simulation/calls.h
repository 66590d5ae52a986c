#ifndef SIMULATION_CALLS_H
#define SIMULATION_CALLS_H

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <uv.h>

/*
 * A platform must give these to the chat tools: tests/simulation/platform lists each name, and
 * which of these functions has its place in a simulated program. They do what their names say in
 * the C library, POSIX, Linux or libuv.
 */

struct addrinfo;
struct io_uring;
struct dirent;
struct passwd;
struct rlimit;
struct sim_dir;
struct sim_stdio;
struct wslay_frame_callbacks;
struct wslay_frame_context;

/* The same function under another name. */
#define ALIAS(name, of) __typeof__(of) name __attribute__((alias(#of)))

/* memory.c */
void *sim_malloc(size_t size);
void *sim_calloc(size_t count, size_t size);
void *sim_realloc(void *bytes, size_t size);
void sim_free(void *bytes);
size_t sim_malloc_usable_size(void *bytes);
int sim_wslay_frame_context_init(struct wslay_frame_context **context,
	const struct wslay_frame_callbacks *callbacks, void *arg);
void sim_wslay_frame_context_free(struct wslay_frame_context *context);

/* calls_files.c, calls_sockets.c, calls.c */
ssize_t sim_read(int fd, void *bytes, size_t size);
ssize_t sim___read_chk(int fd, void *bytes, size_t size, size_t object);
ssize_t sim_write(int fd, const void *bytes, size_t len);
ssize_t sim_writev(int fd, const struct iovec *pieces, int count);
ssize_t sim_pread64(int fd, void *bytes, size_t size, off_t at);
ssize_t sim_pwrite64(int fd, const void *bytes, size_t len, off_t at);
off_t sim_lseek64(int fd, off_t offset, int whence);
int sim_close(int fd);
int sim_open64(const char *path, int flags, ...);
int sim___open64_2(const char *path, int flags);
int sim_openat64(int dir_fd, const char *name, int flags, ...);
int sim_fcntl64(int fd, int command, ...);
int sim_fstat64(int fd, struct stat *status);
int sim_stat64(const char *path, struct stat *status);
int sim_fstatat64(int dir_fd, const char *name, struct stat *status, int flags);
int sim_ftruncate64(int fd, off_t size);
int sim_fsync(int fd);
int sim_flock(int fd, int operation);
int sim_mkdir(const char *path, mode_t mode);
int sim_rename(const char *from, const char *to);
int sim_renameat(int from_fd, const char *from, int to_fd, const char *to);
int sim_unlink(const char *path);
int sim_unlinkat(int dir_fd, const char *name, int flags);
struct sim_dir *sim_fdopendir(int fd);
struct dirent *sim_readdir64(struct sim_dir *dir);
int sim_closedir(struct sim_dir *dir);
int sim_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int sim_pipe2(int fds[2], int flags);
int sim_socket(int domain, int type, int protocol);
int sim_bind(int fd, const struct sockaddr *address, socklen_t len);
int sim_listen(int fd, int backlog);
int sim_getsockname(int fd, struct sockaddr *address, socklen_t *len);
int sim_accept(int fd, struct sockaddr *address, socklen_t *len);
int sim_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int sim_connect(int fd, const struct sockaddr *address, socklen_t len);
ssize_t sim_recv(int fd, void *bytes, size_t size, int flags);
ssize_t sim_send(int fd, const void *bytes, size_t len, int flags);
int sim_shutdown(int fd, int how);
int sim_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int sim_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int sim_ioctl(int fd, unsigned long request, ...);
int sim_isatty(int fd);
int sim_clock_gettime(clockid_t id, struct timespec *now);
ssize_t sim_getrandom(void *bytes, size_t size, unsigned flags);
unsigned long sim_getauxval(unsigned long type);
char *sim_getenv(const char *name);
int sim_getpid(void);
uid_t sim_getuid(void);
int sim_getpwuid_r(
	uid_t uid, struct passwd *entry, char *bytes, size_t size, struct passwd **found);
int sim_gethostname(char *name, size_t size);
int sim_getrlimit64(int resource, struct rlimit *limit);
int sim_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int sim_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int sim_no_call(void); /* -1 and ENOSYS */
int sim_done(void); /* 1: nothing has to be done */
_Noreturn void sim_exit(int status);
_Noreturn void sim_abort(void);

/* calls_ring.c */
int sim_io_uring_queue_init(unsigned entries, struct io_uring *ring, unsigned flags);
void sim_io_uring_queue_exit(struct io_uring *ring);
int sim_io_uring_register(void);
int sim_io_uring_submit_and_wait(struct io_uring *ring, unsigned wait);
int sim_socketpair(int domain, int type, int protocol, int fds[2]);

/* calls_stdio.c */
struct sim_stdio *sim_fopen64(const char *path, const char *mode);
int sim_fclose(struct sim_stdio *file);
int sim_fileno(struct sim_stdio *file);
int sim_ferror(struct sim_stdio *file);
ssize_t sim_getdelim(char **line, size_t *cap, int delimiter, struct sim_stdio *file);
ssize_t sim_getline(char **line, size_t *cap, struct sim_stdio *file);

/* calls_resolve.c */
int sim_getaddrinfo(
	const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **list);
void sim_freeaddrinfo(struct addrinfo *list);
/* children.c */
int sim_posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions);
int sim_posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int from, int to);
int sim_posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
int sim_posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions);
int sim_posix_spawnp(pid_t *pid, const char *name, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attributes, char *const argv[], char *const env[]);
pid_t sim_waitpid(pid_t pid, int *status, int options);
int sim_waitid(idtype_t type, id_t id, siginfo_t *info, int options);
int sim_kill(pid_t pid, int signal);

/* signals.c */
int sim_sigprocmask(int how, const sigset_t *set, sigset_t *old);
int sim_sigaction(int signal, const struct sigaction *action, struct sigaction *old);
sighandler_t sim_signal(int signal, sighandler_t handler);
int sim_sigpending(sigset_t *set);
int sim_raise(int signal);
int sim_signalfd(int fd, const sigset_t *set, int flags);

/* epoll.c */
int sim_epoll_create1(int flags);
int sim_epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event);
int sim_epoll_wait(int epoll_fd, struct epoll_event *events, int max, int timeout_ms);

/* timer.c */
int sim_timerfd_create(int clock, int flags);
int sim_timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *old);

/* uv.c */
int sim_uv_loop_init(uv_loop_t *loop);
int sim_uv_loop_close(uv_loop_t *loop);
void sim_uv_update_time(uv_loop_t *loop);
uint64_t sim_uv_now(const uv_loop_t *loop);
uint64_t sim_uv_hrtime(void);
int sim_uv_backend_fd(const uv_loop_t *loop);
int sim_uv_backend_timeout(const uv_loop_t *loop);
int sim_uv_run(uv_loop_t *loop, uv_run_mode mode);
void sim_uv_walk(uv_loop_t *loop, uv_walk_cb walk, void *arg);
int sim_uv_is_closing(const uv_handle_t *handle);
void sim_uv_close(uv_handle_t *handle, uv_close_cb on_close);
int sim_uv_idle_init(uv_loop_t *loop, uv_idle_t *idle);
int sim_uv_idle_start(uv_idle_t *idle, uv_idle_cb call);
int sim_uv_idle_stop(uv_idle_t *idle);
int sim_uv_timer_init(uv_loop_t *loop, uv_timer_t *timer);
int sim_uv_timer_start(uv_timer_t *timer, uv_timer_cb call, uint64_t timeout, uint64_t repeat);
uint64_t sim_uv_timer_get_repeat(const uv_timer_t *timer);
int sim_uv_timer_stop(uv_timer_t *timer);
int sim_uv_async_init(uv_loop_t *loop, uv_async_t *async, uv_async_cb call);
int sim_uv_async_send(uv_async_t *async);
int sim_uv_poll_init(uv_loop_t *loop, uv_poll_t *poll, int fd);
int sim_uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb call);
int sim_uv_poll_stop(uv_poll_t *poll);
int sim_uv_signal_init(uv_loop_t *loop, uv_signal_t *signal);
int sim_uv_signal_start(uv_signal_t *signal, uv_signal_cb call, int number);
int sim_uv_queue_work(uv_loop_t *loop, uv_work_t *request, uv_work_cb run, uv_after_work_cb after);
int sim_uv_mutex_init(uv_mutex_t *mutex);
void sim_uv_mutex_destroy(uv_mutex_t *mutex);
void sim_uv_mutex_lock(uv_mutex_t *mutex);
void sim_uv_mutex_unlock(uv_mutex_t *mutex);
int sim_uv_cond_init(uv_cond_t *cond);
void sim_uv_cond_destroy(uv_cond_t *cond);
void sim_uv_cond_broadcast(uv_cond_t *cond);
void sim_uv_cond_wait(uv_cond_t *cond, uv_mutex_t *mutex);
int sim_uv_cond_timedwait(uv_cond_t *cond, uv_mutex_t *mutex, uint64_t timeout_ns);
int sim_uv_thread_create(uv_thread_t *thread, uv_thread_cb run, void *arg);
uv_thread_t sim_uv_thread_self(void);
int sim_uv_thread_equal(const uv_thread_t *one, const uv_thread_t *other);
unsigned sim_uv_available_parallelism(void);
int sim_uv_thread_join(uv_thread_t *thread);
int sim_uv_replace_allocator(
	uv_malloc_func alloc, uv_realloc_func again, uv_calloc_func zeroed, uv_free_func give);

#endif
