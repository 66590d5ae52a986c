/* Starts the programs of a run, and takes what they print. */
#include "simulation/run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/adversary.h"
#include "simulation/bot.h"
#include "simulation/flood.h"
#include "simulation/tokens.h"
#include "simulation/witness.h"
#include "wire/digest.h"

int chat_serve_main(int argc, char **argv);
int chat_send_main(int argc, char **argv);
int chat_listen_main(int argc, char **argv);
int chat_validate_main(int argc, char **argv);
int chat_member_main(int argc, char **argv);

static const struct program program_serve = {"chat-serve", chat_serve_main};
const struct program program_send = {"chat-send", chat_send_main};
const struct program program_member = {"member", chat_member_main};
const struct program program_listen = {"chat-listen", chat_listen_main};
static const struct program program_validate = {"chat-validate", chat_validate_main};
static const struct program program_adversary = {"adversary", adversary_main};
static const struct program program_flood = {"flood", flood_main};

/* The commands that chat-listen --exec can start. */
static const struct program commands[] = {{"bot", bot_main}, {"no-program", NULL}};

static const char *const channels[CHANNELS] = {"/", "/ops"};

/* The address of each server of a cluster. */
static const char *const listens[NODES] = {"localhost:3001", "localhost:3011", "localhost:3021"};

const struct program *
program_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

void
run_path(char *path, size_t size, const char *what, unsigned number, unsigned started)
{
	snprintf(path, size, "/%s-%u-%u", what, number, started);
}

void
run_author(const struct run *run, char *id, size_t size, unsigned speaker)
{
	unsigned char digest[CHAT_SHA256_BYTES];
	char name[16];

	snprintf(id, size, "s%u", speaker);
	if (!run->plan->has_client_ca)
		return;
	snprintf(name, sizeof(name), "speaker%u", speaker);
	chat_sha256(digest, chat_span_of(name));
	chat_hex(id, digest, sizeof(digest) / 2);
}

struct file *
run_open_output(const char *what, unsigned number, unsigned started)
{
	char path[64];
	struct file *file;

	run_path(path, sizeof(path), what, number, started);
	if (disk_open(path, O_RDWR | O_CREAT | O_APPEND, &file) < 0)
		abort();
	return file;
}

bool
actor_is_up(const struct actor *actor)
{
	return actor->count && process_is_alive(actor->started[actor->count - 1].process);
}

bool
actor_was_killed(const struct actor *actor)
{
	for (unsigned i = 0; i < actor->count; i++)
		if (process_status(actor->started[i].process) == 128 + SIGKILL)
			return true;
	return false;
}

void
run_server_path(const struct run *run, char *path, size_t size, unsigned node, unsigned started)
{
	run_path(path, size, "server", node, run->plan->is_cluster ? started : 0);
}

void
run_final_path(char *path, size_t size, unsigned node, unsigned channel)
{
	run_path(path, size, "all", channel, node);
}

const char *
run_journal(unsigned node)
{
	static const char *const dirs[NODES] = {"/j", "/j1", "/j2"};

	return dirs[node];
}

bool
run_has_journal(const struct run *run, unsigned node)
{
	return run->plan->has_journal && !run->plan->node[node].forgets;
}

/* The environment of a program says who it is. */
struct environment {
	char address[64], token[64], name[64], urls[128];
	const char *at[6];
};

/* Writes the servers of a cluster in one of ORDERS orders. ORDERS and a number: that one alone. */
static const char *
write_urls(char *text, size_t size, unsigned order)
{
	static const unsigned orders[ORDERS + NODES][NODES] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
		{1, 2, 0}, {2, 0, 1}, {2, 1, 0}, {0, 0, 0}, {1, 1, 1}, {2, 2, 2}};
	const unsigned *at = orders[order];

	snprintf(text, size, "CHAT_URL=ws://%s/%s%s%s%s%s", listens[at[0]],
		order < ORDERS ? ",ws://" : "", order < ORDERS ? listens[at[1]] : "",
		order < ORDERS ? "/,ws://" : "", order < ORDERS ? listens[at[2]] : "",
		order < ORDERS ? "/" : "");
	return text;
}

static void
environment_fill(
	const struct run *run, struct environment *env, const char *name, const struct place *place)
{
	const struct plan *plan = run->plan;
	const char **at = env->at;

	*env = (struct environment){0};
	snprintf(env->address, sizeof(env->address), "SIMULATED_ADDRESS=%s%u",
		plan->walls.remote ? "10.0.0." : "127.0.0.", place->address + 2);
	snprintf(env->token, sizeof(env->token), "CHAT_TOKEN=" TOKENS_PREFIX "%s", name);
	snprintf(env->name, sizeof(env->name), "SIMULATED_NAME=%s", name);
	*at++ = env->address;
	if (plan->is_cluster)
		*at++ = write_urls(env->urls, sizeof(env->urls), place->order);
	if (plan->has_tls)
		*at++ = "CHAT_URL=wss://localhost:3001/";
	if (plan->has_client_ca)
		*at++ = env->name;
	if (walls_have(&plan->walls, WALL_TOKENS))
		*at++ = env->token;
}

void
actor_start(const struct run *run, struct actor *actor, const struct program *program,
	const char *const argv[], const struct place *place, const char *name,
	struct file *const fds[3])
{
	struct started *started = &actor->started[actor->count];
	struct environment env = {0};

	if (actor->count == RUNS_MOST)
		return;
	if (name)
		environment_fill(run, &env, name, place);
	*started = (struct started){.process = process_start(program, argv, env.at, fds),
		.begun_ns = world_now_ns(),
		.first = actor->said};
	actor->count++;
	for (int i = 0; i < 3; i++)
		if (fds[i])
			file_unref(fds[i]);
}

struct file *
run_nothing(void)
{
	struct file *ends[2];

	stream_pipe(ends, 1);
	file_unref(ends[1]);
	return ends[0];
}

/* Adds arguments, up to a NULL. */
static size_t
add(const char *argv[], size_t n, const char *const more[])
{
	while (*more)
		argv[n++] = *more++;
	return n;
}

#define ARGUMENTS_MOST (2 * WALLS_MOST + 32)

static size_t
add_tls(const char *argv[], size_t n, const struct plan *plan)
{
	const char *const cert[] = {"--tls-cert", CERTIFICATE_FILE, NULL};
	const char *const key[] = {"--tls-key", KEY_FILE, NULL};
	const char *const client_ca[] = {"--tls-client-ca", CLIENT_CA_FILE, NULL};

	if (!plan->has_tls)
		return n;
	n = add(argv, n, cert);
	if (plan->has_key_file)
		n = add(argv, n, key);
	return plan->has_client_ca ? add(argv, n, client_ca) : n;
}

/* The options that say where a server listens, and what else it has of its cluster. */
static size_t
add_cluster(const char *argv[], size_t n, const struct plan *plan, unsigned node)
{
	const char *const cluster[] = {
		"--listen", listens[node], "--cluster", "nats://nats:4222", NULL};

	return plan->is_cluster ? add(argv, n, cluster) : n;
}

static void
start_server(struct run *run, unsigned node, const char *const argv[])
{
	struct actor *server = &run->server[node];
	const struct node_plan *plan = &run->plan->node[node];
	char path[64], errors[64];
	struct file *fds[3] = {run_nothing()};

	run_server_path(run, path, sizeof(path), node, server->count);
	run_path(errors, sizeof(errors), "server-errors", node, 0);
	if (disk_open(path, O_RDWR | O_CREAT | O_APPEND, &fds[1]) < 0)
		abort();
	fds[2] = witness_open(run, node, errors);
	actor_start(run, server, &program_serve, argv, NULL, NULL, fds);
	process_set_clocks(run_server(run, node), plan->clock_ms * MILLISECOND, plan->drift);
}

void
run_start_server(struct run *run, unsigned node)
{
	static const char *const syncs[] = {"always", "batch", "never"};
	const struct plan *plan = run->plan;
	char history[16], segment[16], queue[16];
	const char *argv[ARGUMENTS_MOST] = {"chat-serve"};
	const char *const always[] = {"-v", "--no-sandbox", "--history", history, "--queue", queue,
		"--history-keep", "100000", NULL};
	const char *const small[] = {"--max-message", "16k", NULL};
	const char *const journal[] = {"--journal", run_journal(node), "--sync", syncs[plan->sync],
		"--journal-segment", segment, run->server[node].repairs ? "--repair" : NULL, NULL};
	size_t n = add(argv, 1, always);

	snprintf(history, sizeof(history), "%u", plan->history);
	snprintf(queue, sizeof(queue), "%uk", plan->queue_kib);
	snprintf(segment, sizeof(segment), "%uk", plan->segment_kib);
	if (!walls_have(&plan->walls, WALL_MAX_MESSAGE))
		n = add(argv, n, small);
	if (run_has_journal(run, node))
		n = add(argv, n, journal);
	n = add_tls(argv, n, plan);
	n = add_cluster(argv, n, plan, node);
	walls_arguments(&plan->walls, argv + n, ARGUMENTS_MOST - 1 - n);
	start_server(run, node, argv);
}

void
run_start_speaker(struct run *run, struct actor *actor)
{
	const struct speaker_plan *plan = &run->plan->speaker[actor->number];
	char name[16], id[16], window[16];
	const char *argv[] = {"chat-send", "-l", "-u", name, "--id", id, "-c",
		channels[plan->channel], "--window", window, "--retry-for", "forever", NULL};
	struct file *fds[3], *input[2];

	snprintf(name, sizeof(name), "speaker%u", actor->number);
	snprintf(id, sizeof(id), "s%u", actor->number);
	snprintf(window, sizeof(window), "%u", plan->window);
	stream_pipe(input, 1 << 18);
	if (actor->input)
		file_unref(actor->input);
	actor->input = input[1];
	fds[0] = input[0];
	fds[1] = run_open_output("receipts", actor->number, actor->count);
	fds[2] = run_open_output("speaker-errors", actor->number, 0);
	actor_start(run, actor, &program_send, argv, &(struct place){plan->address, plan->order},
		name, fds);
}

void
actor_take_output(struct actor *actor, size_t most)
{
	struct bytes *printed = &actor->printed;
	ssize_t count = 1;

	while (actor->output && most && count > 0) {
		if (printed->cap - printed->len < 65536) {
			printed->cap = printed->cap ? 2 * printed->cap : 131072;
			printed->at = realloc(printed->at, printed->cap);
			if (!printed->at)
				abort();
		}
		count = actor->output->kind->read(
			actor->output, printed->at + printed->len, most < 65536 ? most : 65536);
		if (count > 0) {
			printed->len += (size_t)count;
			most -= (size_t)count;
		}
	}
}

void
run_start_listener(struct run *run, struct actor *actor)
{
	const struct listener_plan *plan = &run->plan->listener[actor->number];
	char name[16], id[16], cursor[32];
	const char *argv[] = {"chat-listen", "-u", name, "--id", id, "-c", channels[plan->channel],
		"-t", "message", "--history", "flat", "--wait", "--since", "all",
		plan->has_cursor ? "--cursor-file" : NULL, cursor, NULL};
	struct file *fds[3], *output[2];

	snprintf(name, sizeof(name), "listener%u", actor->number);
	snprintf(id, sizeof(id), "l%u", actor->number);
	snprintf(cursor, sizeof(cursor), "/cursor-%u", actor->number);
	fds[0] = run_nothing();
	if (plan->to_pipe) {
		stream_pipe(output, 1);
		if (actor->output) {
			actor_take_output(actor, SIZE_MAX); /* what the last process has written */
			file_unref(actor->output);
		}
		actor->output = output[0];
		fds[1] = output[1];
	} else {
		fds[1] = run_open_output(
			"heard", actor->number, plan->has_cursor ? 0 : actor->count);
	}
	fds[2] = run_open_output("listener-errors", actor->number, 0);
	actor_start(run, actor, &program_listen, argv, &(struct place){plan->address, plan->order},
		name, fds);
}

void
run_start_adversary(struct run *run, unsigned number)
{
	const struct walls *walls = &run->plan->walls;
	char text[16], traits[16];
	const char *argv[] = {"adversary", text, traits, NULL};
	struct file *fds[3] = {run_nothing(), run_nothing(), run_nothing()};

	snprintf(text, sizeof(text), "%u", number);
	snprintf(traits, sizeof(traits), "%s%s%s%s%s%s%s%s",
		walls_have(walls, WALL_TOKENS) ? "t" : "",
		walls_have(walls, WALL_LISTEN_UNIX) ? "u" : "",
		walls_have(walls, WALL_METRICS) ? "m" : "", walls_are_open(walls) ? "w" : "",
		walls_have(walls, WALL_MAX_MESSAGE) ? "b" : "", walls_have_ipv6(walls) ? "6" : "",
		run->plan->has_tls ? "s" : "", run->plan->has_client_ca ? "c" : "");
	actor_start(run, &run->adversary[number],
		number == 0 && walls->floods ? &program_flood : &program_adversary, argv, NULL,
		NULL, fds);
}

void
run_start_final(struct run *run, unsigned node, unsigned channel)
{
	struct actor *actor = &run->final[node][channel];
	const char *argv[] = {"chat-listen", "-u", "final", "--id", "f", "-c", channels[channel],
		"-t", "message,userData", "--history", "flat", "--since", "all", "--no-follow",
		NULL};
	char path[64];
	struct file *fds[3] = {run_nothing(), NULL, run_open_output("final-errors", channel, node)};

	run_final_path(path, sizeof(path), node, channel);
	if (disk_open(path, O_RDWR | O_CREAT | O_APPEND, &fds[1]) < 0)
		abort();
	actor_start(
		run, actor, &program_listen, argv, &(struct place){0, ORDERS + node}, "final", fds);
}

/* A rival wants to be the one with its name. */
void
run_start_rival(struct run *run, unsigned number)
{
	struct actor *actor = &run->rival[number];
	char id[16];
	const char *argv[] = {
		"chat-listen", "-u", "rival", "--id", id, "-c", channels[0], "-q", NULL};
	struct file *fds[3] = {
		run_nothing(), run_nothing(), run_open_output("rival-errors", number, 0)};

	snprintf(id, sizeof(id), "r%u", number);
	actor_start(run, actor, &program_listen, argv,
		&(struct place){number, ORDERS + run->plan->rival[number].node}, "rival", fds);
}

void
run_start_validator(struct run *run, unsigned number, const char *path)
{
	const char *argv[] = {"chat-validate", "--state", "--strict", path, NULL};
	struct file *fds[3] = {
		run_nothing(), run_open_output("findings", number, 0), run_nothing()};

	actor_start(run, &run->validator[number], &program_validate, argv, NULL, NULL, fds);
}

const char *
run_output(struct run *run, struct actor *actor, const char *path, size_t *len)
{
	(void)run;
	if (!actor->output)
		return disk_bytes(path, len);
	*len = actor->printed.len;
	return actor->printed.at;
}
