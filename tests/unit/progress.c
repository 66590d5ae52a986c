/*
 * The progress bar is on the terminal while the process is in the foreground, as after fg, and is
 * neither drawn nor erased while it is in the background, as after Ctrl-Z and bg.
 */
#include "command/progress.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define DRAWN "file [###"
#define PAUSE_MS 250 /* longer than from one drawing to the next */

/* A terminal, a session on it, and in the session a process with a bar. */
struct fixture {
	int master;
	int ask, answer; /* pipes to and from the session: a letter asks for a step, "." ends it */
};

/* The process with the bar does what the letters say, and answers each. */
static _Noreturn void
show_bar(int ask, int answer)
{
	struct chat_progress progress;
	char letter;

	chat_progress_init(&progress, true, 0);
	chat_progress_begin(&progress, "file", 1000);
	while (read(ask, &letter, 1) == 1) {
		if (letter == 'a')
			chat_progress_add(&progress, 100);
		else if (letter == 'h')
			chat_progress_hide(&progress);
		if (write(answer, ".", 1) != 1)
			break;
	}
	_exit(0);
}

/* The first process of the session, as a shell: f and b move the other to the foreground and the
 * background. */
static _Noreturn void
run_shell(const char *terminal, int ask, int answer)
{
	int pipes[2], back[2];
	char letter;
	pid_t job;

	setsid();
	if (dup2(open(terminal, O_RDWR), STDERR_FILENO) < 0 || pipe(pipes) < 0 || pipe(back) < 0)
		_exit(1);
	ioctl(STDERR_FILENO, TIOCSCTTY, 0);
	signal(SIGTTOU, SIG_IGN);
	job = fork();
	if (job == 0) {
		close(pipes[1]);
		setpgid(0, 0);
		show_bar(pipes[0], back[1]);
	}
	setpgid(job, job);
	while (read(ask, &letter, 1) == 1) {
		if (letter == 'f')
			tcsetpgrp(STDERR_FILENO, job);
		else if (letter == 'b')
			tcsetpgrp(STDERR_FILENO, getpgrp());
		else if (write(pipes[1], &letter, 1) != 1 || read(back[0], &letter, 1) != 1)
			break;
		if (write(answer, ".", 1) != 1)
			break;
	}
	close(pipes[1]);
	waitpid(job, NULL, 0);
	_exit(0);
}

/* Does a step. Returns what came on the terminal meanwhile, as a static string. */
static const char *
step(struct fixture *fixture, char letter)
{
	static char text[4096];
	struct pollfd ready = {.fd = fixture->master, .events = POLLIN};
	ssize_t len = 0;
	char done;

	poll(NULL, 0, letter == 'a' ? PAUSE_MS : 0);
	if (write(fixture->ask, &letter, 1) != 1 || read(fixture->answer, &done, 1) != 1)
		return "the session has ended";
	if (poll(&ready, 1, 0) > 0)
		len = read(fixture->master, text, sizeof(text) - 1);
	text[len > 0 ? len : 0] = '\0';
	return text;
}

/* Returns the master of a new terminal, or -1 if this machine has none that can be opened. */
static int
open_master(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	int terminal;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return -1;
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
	close(terminal);
	return terminal < 0 ? -1 : master;
}

/* Returns the pid of the session, or -1 if this machine has no terminals. */
static pid_t
open_fixture(struct fixture *fixture)
{
	int ask[2], answer[2];
	pid_t shell;

	fixture->master = open_master();
	if (fixture->master < 0)
		return -1;
	if (pipe(ask) < 0 || pipe(answer) < 0)
		abort();
	shell = fork();
	if (shell == 0) {
		close(ask[1]);
		run_shell(ptsname(fixture->master), ask[0], answer[1]);
	}
	close(answer[1]);
	fixture->ask = ask[1];
	fixture->answer = answer[0];
	return shell;
}

int
main(void)
{
	struct fixture fixture;
	int status = -1;
	pid_t shell;

	setenv("TERM", "xterm", 1); /* a dumb terminal has no bar */
	shell = open_fixture(&fixture);

	if (shell < 0) {
		puts("1..0 # SKIP no terminals, as in a root or under qemu with the files of "
		     "another machine");
		return 0;
	}
	step(&fixture, 'f');
	ok(strstr(step(&fixture, 'a'), DRAWN) != NULL, "in the foreground the bar is drawn");
	step(&fixture, 'b');
	is_str(step(&fixture, 'a'), "", "in the background it is not");
	is_str(step(&fixture, 'a'), "", "nor later");
	step(&fixture, 'f');
	ok(strstr(step(&fixture, 'a'), DRAWN) != NULL, "in the foreground again it is");
	is_str(step(&fixture, 'h'), "\r\033[K", "and it is erased");
	step(&fixture, 'a');
	step(&fixture, 'b');
	is_str(step(&fixture, 'h'), "", "in the background nothing is erased");
	close(fixture.ask);
	waitpid(shell, &status, 0);
	is_int(status, 0, "the session ends");
	return done();
}
