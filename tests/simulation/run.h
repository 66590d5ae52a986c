#ifndef SIMULATION_RUN_H
#define SIMULATION_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "simulation/certificate.h"
#include "simulation/plan.h"

/* A run of a plan: the actors, what they did, and what their programs printed. */

#define RUNS_MOST 64 /* of one program: it was started so often */
#define TEXT_MOST 1000
#define VALIDATORS (NODES + LISTENERS_MOST)
#define EXIT_GAP 1 /* the status of a listener that missed what was removed */

/* One process of a program that was started again and again. */
struct started {
	struct process *process; /* owned */
	int64_t begun_ns;
	unsigned first, lines; /* of a speaker: its lines */
	bool killed; /* by an action: then it may end as it likes */
	bool missed; /* it was seen that it has ended */
};

struct bytes {
	char *at;
	size_t len, cap;
};

struct actor {
	struct started started[RUNS_MOST];
	unsigned count;
	struct file *input; /* the writing end of a speaker's stdin */
	struct file *output; /* the reading end of a listener's pipe */
	struct bytes printed; /* what was read of it */
	int64_t paused_until_ns, restart_ns;
	unsigned said; /* lines of a speaker, in all of its processes */
	unsigned number;
	bool repairs; /* a server, from now on: its journal was damaged */
};

/* The length of what the server had printed when it lost what it had: such messages need not be
 * there later. */
struct loss {
	size_t printed;
};

struct run {
	const struct plan *plan;
	const char *keep_dir; /* NULL: the files are not kept */
	struct actor server[NODES], speaker[SPEAKERS_MOST], listener[LISTENERS_MOST];
	struct actor adversary[ADVERSARIES_MOST];
	struct actor rival[RIVALS];
	struct actor final[NODES][CHANNELS]; /* who reads everything at the end, of each server */
	struct actor validator[VALIDATORS]; /* of what the server and listeners printed */
	struct actor client[CLIENTS_MOST];
	struct actor liar; /* the server that lies */
	int64_t clients_ns; /* until then what befalls clients has happened */
	bool clients_over; /* none is started again */
	struct loss losses[ACTIONS_MOST + RUNS_MOST];
	unsigned loss_count;
	bool calm, done;
	char fault[1024]; /* the first thing that is wrong; "": nothing is */
	int64_t ended_ns;
	uint64_t hash;
	struct tally tally;
};

/* Plays a plan to its end. run->fault says what went wrong. keep_dir: the directory for the files
 * that the programs have written, or NULL. */
void run_play(struct run *run, const struct plan *plan, const char *keep_dir);

/* Notes what is wrong, if it is the first. */
void run_fail(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The lines of an actor's output, also of an output that is a file. */
const char *run_output(struct run *run, struct actor *actor, const char *path, size_t *len);
void run_path(char *path, size_t size, const char *what, unsigned number, unsigned started);

/* The text of a line that a speaker says, of at most TEXT_MOST bytes. */
void run_text(const struct run *run, char *text, unsigned speaker, unsigned line);

/* The id of a speaker, as it is in messages. */
void run_author(const struct run *run, char *id, size_t size, unsigned speaker);

/* ---- programs.c: starting, and taking what is printed ---- */

bool actor_is_up(const struct actor *actor);
bool actor_was_killed(const struct actor *actor); /* with SIGKILL, at least once */
void run_start_server(struct run *run, unsigned node);
void run_start_speaker(struct run *run, struct actor *actor);
void run_start_listener(struct run *run, struct actor *actor);
/* Starts a listener that reads all of a channel, of one server. */
void run_start_final(struct run *run, unsigned node, unsigned channel);
void run_start_rival(struct run *run, unsigned number);
/* Checks the file by chat-validate. */
void run_start_validator(struct run *run, unsigned number, const char *path);
void run_start_adversary(struct run *run, unsigned number);

/* The address of a program, and the order in which it knows the servers of a cluster: below ORDERS,
 * or ORDERS and the number of the only one. */
struct place {
	unsigned address, order;
};

/* Starts a process of an actor; the references of fds are its. name: of its user; NULL: it is
 * nobody, and has no place. */
void actor_start(const struct run *run, struct actor *actor, const struct program *program,
	const char *const argv[], const struct place *place, const char *name,
	struct file *const fds[3]);
struct file *run_open_output(const char *what, unsigned number, unsigned started);
struct file *run_nothing(void); /* what has nothing to read */

extern const struct program program_send, program_listen, program_member;

/* The file of what a server has printed. Each process of a server of a cluster has its own. */
void run_server_path(
	const struct run *run, char *path, size_t size, unsigned node, unsigned started);

/* The file of what who reads everything has printed. */
void run_final_path(char *path, size_t size, unsigned node, unsigned channel);

/* The directory of a server's journal. */
const char *run_journal(unsigned node);
bool run_has_journal(const struct run *run, unsigned node);

/* Reads at most so many bytes of a listener's pipe. */
void actor_take_output(struct actor *actor, size_t most);

/* ---- actions.c ---- */

void run_act(struct run *run, const struct action *action);

/* The server has other files of TLS, and is told so. Does nothing in a run without TLS. */
void run_renew(struct run *run, unsigned number, enum certificate_state state);

/* Sends a signal to its process, which may end as it likes from then on. */
void actor_end(struct actor *actor, int signal);
struct process *run_server(struct run *run, unsigned node);
bool run_has_started(const struct run *run); /* else a plan is told, and there is no server */

/* ---- clients.c ---- */

void clients_begin(struct run *run);

/* Tells those that are up that it is over. */
void clients_end(struct run *run);
bool clients_are_up(const struct run *run);

/* The next text of a sender of this number, of at most TEXT_MOST bytes. */
void client_text(char *text, unsigned number, unsigned line);

/* The bytes of the file that a sender sends as this line; returns their number. */
#define CLIENT_FILE_MOST 9000
size_t client_file(char *bytes, unsigned number, unsigned line);

/* ---- clients_model.c ---- */

/* Checks what the clients printed. */
void clients_check(struct run *run);

/* ---- model.c ---- */

/* Checks what was printed against a list of each channel's messages. */
void model_check(struct run *run);

#endif
