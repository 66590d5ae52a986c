#ifndef SIMULATION_PLAN_H
#define SIMULATION_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "simulation/kernel.h"
#include "simulation/walls.h"

/*
 * A plan is all that happens in a run, drawn from its seed before it begins: who takes part, which
 * faults exist at all, and a list of actions with their times. After `calm_ns` no fault happens any
 * more, and what was said must arrive. Shrinking removes parts of a plan (shrink.c).
 */

#define SPEAKERS_MOST 4
#define LISTENERS_MOST 4
#define CHANNELS 2
#define ADVERSARIES_MOST 3
#define ACTIONS_MOST 256
#define NODES 3 /* servers of a cluster */

enum action_kind {
	ACTION_SAY, /* a speaker gets `number` lines to say */
	ACTION_KILL_SPEAKER, /* with SIGKILL; it is started again */
	ACTION_KILL_LISTENER, /* with the signal `number`; it is started again */
	ACTION_PAUSE_LISTENER, /* its output is not read for number milliseconds */
	ACTION_KILL_SERVER, /* with the signal `number`; it is started again */
	ACTION_LOSE_POWER, /* of the server's machine */
	ACTION_FLIP_BIT, /* of an index file; number says which one and where */
	ACTION_ROTATE, /* SIGUSR2 of the server */
	ACTION_RESET, /* all connections of the server break */
	ACTION_HOLD, /* nothing gets through for number milliseconds */
	ACTION_METRICS, /* SIGUSR1 of the server */
	ACTION_STEP_CLOCK, /* by number milliseconds */
	ACTION_RENEW, /* the server gets another certificate: number says which, and its state */
	ACTION_RELOAD, /* other tokens, and SIGHUP of the server; number says which */
	ACTION_LEADER, /* the stream has no leader for number milliseconds */
	ACTION_CUT, /* a server's connection to the stream ends for number milliseconds */
	ACTION_REMOVE, /* the stream removes its number first entries */
	ACTION_LOSE, /* all nats-servers lose power, and the stream its `number` last entries */
	ACTION_STRANGER, /* who is no server publishes something; number says what */
	ACTION_DELETE, /* the stream is deleted */
	ACTION_KINDS
};

struct action {
	int64_t time_ns, number;
	enum action_kind kind;
	unsigned who; /* speaker, listener, or server */
};

enum sync_kind { SYNC_ALWAYS, SYNC_BATCH, SYNC_NEVER };

struct speaker_plan {
	bool absent; /* it was taken out of the plan */
	unsigned channel, address, window;
	unsigned order; /* of the servers of a cluster, in its list of URLs: below ORDERS */
};

struct listener_plan {
	bool absent;
	unsigned channel, address, order;
	bool has_cursor; /* else it begins anew when it is started again */
	bool to_pipe; /* else its output is a file */
	int64_t read_bytes; /* of its pipe in a millisecond */
};

#define CLIENTS_MOST 5

/* A command beside the speakers and listeners, which is called in a way of its own. */
enum client_kind { CLIENT_SENDER, CLIENT_LISTENER, CLIENT_BOT, CLIENT_MEMBER, CLIENT_KINDS };

/* The input of a sender. */
enum send_form {
	SEND_LINES, /* texts, a line each */
	SEND_JSON,
	SEND_WORDS, /* as operands */
	SEND_FILES,
	SEND_REPLAY, /* of a log */
	SEND_SPLIT, /* texts that are too long for a message */
	SEND_ODD, /* lines of JSON, and lines that are none or that nobody may send */
	SEND_FORMS
};

/* The wish of a listener. */
enum listen_form {
	LISTEN_ALL, /* to the end of the past */
	LISTEN_LAST,
	LISTEN_BOTH, /* both channels in one process */
	LISTEN_ID, /* what came after a message */
	LISTEN_TIME,
	LISTEN_LOG, /* the log of the server */
	LISTEN_IDLE,
	LISTEN_COUNT,
	LISTEN_CURSOR, /* of both channels, in a file */
	LISTEN_ON, /* without an end */
	LISTEN_FORMS
};

/* Options by their bits; each kind of client has names of its own for them (client_commands.c). */
#define CLIENT_OPTIONS 12

enum client_output {
	OUTPUT_FILE,
	OUTPUT_PIPE,
	OUTPUT_BROKEN, /* a pipe whose reader goes away */
	OUTPUT_FULL,
	OUTPUT_CLOSED,
	OUTPUTS
};

struct client_plan {
	bool absent;
	bool lied_to; /* its server is the one that lies */
	bool again; /* it is started again when it was killed */
	enum client_kind kind;
	unsigned form, options, channel, lines, window, ack;
	unsigned dies, slow_ms; /* a bot: for so many of a thousand messages; pauses of at most */
	unsigned dies_how; /* its exit status, or a signal that kills it and 128 */
	enum client_output output;
	int64_t begin_ns;
	int64_t middle_ns; /* the second half of its input, and the end of its reader */
	int64_t end_ns; /* it gets the signal; NEVER: only when all is over */
	int signal;
};

#define ORDERS 6 /* of NODES servers */

/* A server of a cluster. */
struct node_plan {
	bool forgets; /* it has no journal, whatever the others have */
	int64_t clock_ms; /* what its wall clock is set apart */
	int drift; /* its clocks pass by so many thousandths faster */
};

/* Two users with the same name, on different servers of a cluster: they come again and again. */
struct rival_plan {
	unsigned node;
	int64_t begin_ns;
};

#define RIVALS 2

struct plan {
	uint64_t seed;
	bool is_cluster;
	struct node_plan node[NODES];
	uint64_t first_entry; /* the number of the first entry of its stream */
	bool has_rivals;
	struct rival_plan rival[RIVALS];
	bool has_journal;
	enum sync_kind sync;
	unsigned history; /* --history */
	unsigned segment_kib;
	unsigned queue_kib; /* --queue */
	struct walls walls;
	bool heavy; /* every text is long, and there are many */
	bool has_tls;
	bool has_key_file; /* the key is not with the certificate */
	bool has_client_ca; /* a user is who has a certificate of that name */
	unsigned certificate; /* the first one */
	struct faults faults; /* until the calm */
	unsigned speakers, listeners, adversaries;
	struct speaker_plan speaker[SPEAKERS_MOST];
	struct listener_plan listener[LISTENERS_MOST];
	struct action action[ACTIONS_MOST];
	unsigned actions;
	unsigned clients;
	struct client_plan client[CLIENTS_MOST];
	int64_t calm_ns;
};

void plan_draw(struct plan *plan, uint64_t seed);

/*
 * Of the seeds from CLUSTERS_FROM on, one in CLUSTERS_ONE_IN is the run of a cluster: those that it
 * divides. Lower seeds are runs of one server.
 */
#define CLUSTERS_FROM 1000000
#define CLUSTERS_ONE_IN 6
bool plan_is_cluster(uint64_t seed);

/* Returns the number of its servers. */
unsigned plan_nodes(const struct plan *plan);

/* Makes it the plan of a cluster (plan_cluster.c). */
void plan_draw_cluster(struct plan *plan, struct chance *chance);

/* Returns true if entries of the stream are removed, or all of it. */
bool plan_forgets_entries(const struct plan *plan);

/* Returns true if entries of the stream are lost. */
bool plan_loses_entries(const struct plan *plan);

/* Draws the clients (plan_clients.c). */
void plan_draw_clients(struct plan *plan, struct chance *chance);

/* Prints the story of a client (client_commands.c). */
void plan_print_client(const struct client_plan *client, unsigned number);

/* Returns true if writes or syncs of the journal may fail. */
bool plan_disk_fails(const struct plan *plan);

bool plan_has(const struct plan *plan, enum action_kind kind);

/* Returns true if the network, a rate limit (also of verified names) or a stream that is gone may
 * make honest ones slow, also in the calm. */
bool plan_is_slow(const struct plan *plan);

/* Returns true if some connections have small buffers. */
bool plan_has_slow_sockets(const struct plan *plan);

/* Prints the plan as a story. */
void plan_print(const struct plan *plan);

#endif
