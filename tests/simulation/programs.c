/* Starts the programs of a run, and takes what they print. */
#include "simulation/run.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/adversary.h"
#include "simulation/bot.h"

int chat_serve_main(int argc, char **argv);
int chat_send_main(int argc, char **argv);
int chat_listen_main(int argc, char **argv);
int chat_member_main(int argc, char **argv);

static const struct program program_serve = {"chat-serve", chat_serve_main};
const struct program program_send = {"chat-send", chat_send_main};
const struct program program_member = {"member", chat_member_main};
const struct program program_listen = {"chat-listen", chat_listen_main};

static const struct program program_adversary = {"adversary", adversary_main};

/* The commands that chat-listen --exec can start. */
static const struct program commands[] = {{"bot", bot_main}, {"no-program", NULL}};

static const char *const channels[CHANNELS] = {"/", "/ops"};

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

void
actor_start(struct actor *actor, const struct program *program, const char *const argv[],
	unsigned address, struct file *const fds[3])
{
	struct started *started = &actor->started[actor->count];
	char variable[64];
	const char *env[] = {variable, NULL};

	snprintf(variable, sizeof(variable), "SIMULATED_ADDRESS=127.0.0.%u", address + 2);
	if (actor->count == RUNS_MOST)
		return;
	*started = (struct started){.process = process_start(program, argv, env, fds),
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

void
run_start_server(struct run *run)
{
	static const char *const syncs[] = {"always", "batch", "never"};
	const struct plan *plan = run->plan;
	char history[16], segment[16], queue[16];
	const char *argv[24] = {"chat-serve", "--no-sandbox", "--listen", "127.0.0.1:3001",
		"--history", history, "--max-message", "16k", "--queue", queue, "--history-keep",
		"100000"};
	size_t n = 12;
	struct file *fds[3];

	snprintf(history, sizeof(history), "%u", plan->history);
	snprintf(queue, sizeof(queue), "%uk", plan->queue_kib);
	snprintf(segment, sizeof(segment), "%uk", plan->segment_kib);
	if (plan->has_journal) {
		const char *more[] = {"--journal", "/j", "--sync", syncs[plan->sync],
			"--journal-segment", segment, run->repairs ? "--repair" : NULL};

		memcpy(argv + n, more, sizeof(more));
	}
	fds[0] = run_nothing();
	fds[1] = run_open_output("server", 0, 0);
	fds[2] = run_open_output("server-errors", 0, 0);
	actor_start(&run->server, &program_serve, argv, 0, fds);
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
	actor_start(actor, &program_send, argv, plan->address, fds);
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
	actor_start(actor, &program_listen, argv, plan->address, fds);
}

void
run_start_adversary(struct run *run, unsigned number)
{
	char text[16];
	const char *argv[] = {"adversary", text, NULL};
	struct file *fds[3] = {run_nothing(), run_nothing(), run_nothing()};

	snprintf(text, sizeof(text), "%u", number);
	actor_start(&run->adversary[number], &program_adversary, argv, number, fds);
}

void
run_start_final(struct run *run, unsigned channel)
{
	struct actor *actor = &run->final[channel];
	const char *argv[] = {"chat-listen", "-u", "final", "--id", "f", "-c", channels[channel],
		"-t", "message,userData", "--history", "flat", "--since", "all", "--no-follow",
		NULL};
	struct file *fds[3] = {run_nothing(), run_open_output("all", channel, 0),
		run_open_output("final-errors", channel, 0)};

	actor_start(actor, &program_listen, argv, 0, fds);
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
