#ifndef UNIT_CHILD_H
#define UNIT_CHILD_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* The output of a child process, and how it ended. */
struct child {
	int status; /* its exit status, or minus the signal that killed it */
	char out[8192], err[8192];
};

static inline void
child_read(int fd, char *text, size_t size)
{
	ssize_t got = pread(fd, text, size - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	close(fd);
}

/* Runs body(arg) in a child with stdout and stderr caught; returning from it is exit status 0. */
static inline void
child_run(struct child *child, void (*body)(void *), void *arg)
{
	int out = memfd_create("stdout", MFD_CLOEXEC), err = memfd_create("stderr", MFD_CLOEXEC);
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (out < 0 || err < 0 || pid < 0)
		abort();
	if (pid == 0) {
		if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
			abort();
		body(arg);
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		abort();
	child->status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	child_read(out, child->out, sizeof(child->out));
	child_read(err, child->err, sizeof(child->err));
}

#endif
