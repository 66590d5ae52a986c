/* The clients of a run: they are started, given their input, read, and told to end. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/base64.h"
#include "message/encode.h"
#include "simulation/client_commands.h"
#include "simulation/liar.h"
#include "text/buf.h"

#define TICK_NS (20 * MILLISECOND)
#define CALM_TICK_NS (200 * MILLISECOND)
#define ADDRESS 10 /* of the first client */
#define INPUT_BYTES (1 << 18)
#define MEMORY_MOST (96u << 20) /* of a client, whatever a server says */
#define BREAK_NS (5 * SECOND) /* within this time a listener notes that its reader has gone */

static const struct program program_liar = {"liar", liar_main};

/* ---- what is sent ---- */

void
client_text(char *text, unsigned number, unsigned line)
{
	static const char *const tails[] = {"", "\xc3\xa9\xe2\x80\x94\xf0\x9d\x84\x9e",
		"\"q\" \\ /", "\tt", "xx", "!", "\\u0041"};
	int more = line % 7 == 4 ? (int)(line * 37 % 900) : 0;
	int len = snprintf(text, TEXT_MOST, "c%u-%u %s", number, line, tails[line % 7]);

	memset(text + len, 'y', (size_t)more);
	text[len + more] = '\0';
}

size_t
client_file(char *bytes, unsigned number, unsigned line)
{
	size_t len = 1 + (line * 2711 + number * 13) % CLIENT_FILE_MOST;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i * 7 + line + number);
	return len;
}

/* A text of several messages: words, so that it is cut between them. */
static void
append_long(struct chat_buf *buf, unsigned number, unsigned line)
{
	chat_buf_printf(buf, "c%u-%u ", number, line);
	for (unsigned i = 0; i < line % 4 * 150; i++)
		chat_buf_printf(buf, "word%u ", i);
	chat_buf_append_string(buf, ".");
}

static void
append_json(
	struct chat_buf *buf, unsigned number, unsigned line, const char *tail, const char *more)
{
	char text[TEXT_MOST + 1], *string;

	client_text(text, number, line);
	strcat(text, tail);
	string = chat_encode_string(chat_span_of(text));
	chat_buf_printf(buf, "{\"type\":\"text\",\"text\":%s%s}", string, more);
	free(string);
}

/* Lines that are refused at once, that went round, that have a nonce of their own. */
static void
append_odd(struct chat_buf *buf, unsigned number, unsigned line)
{
	static const char *const more[] = {"", ",\"channel\":\"/elsewhere\"",
		",\"via\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\"],\"id\":\"x-1\","
		"\"channel\":\"/\"",
		",\"nonce\":\"own\\u0041\"", ",\"replyTo\":\"none-1\"", ",\"hops\":3",
		",\"via\":[\"a/b\"]"};

	if (line % 9 == 7)
		chat_buf_append_string(buf, "this is no JSON");
	else if (line % 9 == 8)
		chat_buf_append_string(buf, "{\"type\":\"text\",\"text\":\"\"}");
	else
		append_json(buf, number, line, "", more[line % 9]);
}

/* A message of a log. */
static void
append_logged(struct chat_buf *buf, unsigned number, unsigned line)
{
	char text[TEXT_MOST + 1], *string;

	client_text(text, number, line);
	string = chat_encode_string(chat_span_of(text));
	chat_buf_printf(buf,
		"{\"type\":\"message\",\"id\":\"log-%u\",\"sender\":\"somebody\",\"content\":%s,"
		"\"timestamp\":%u}",
		line, string, 1000 + line * 700);
	free(string);
}

const char *
client_tail(const struct client_plan *plan)
{
	if (plan->kind != CLIENT_SENDER)
		return "";
	if (plan->form == SEND_LINES && (plan->options & SEND_REPLACE))
		return "\xef\xbf\xbd";
	return plan->form == SEND_JSON ? "\nand\r\nmore\x7f" : "";
}

/* The whole input of a sender. */
static void
write_input(struct chat_buf *buf, const struct client_plan *plan, unsigned number)
{
	char text[TEXT_MOST + 1];

	if (client_sends_stdin(plan)) {
		chat_buf_reserve(buf, CLIENT_FILE_MOST);
		buf->len = client_file(buf->at, number, 0);
		return;
	}
	for (unsigned line = 0; line < plan->lines; line++) {
		if (plan->kind == CLIENT_MEMBER && line % 2) {
			append_json(buf, number, line, client_tail(plan), "");
		} else if (plan->kind == CLIENT_MEMBER || plan->form == SEND_LINES) {
			client_text(text, number, line);
			chat_buf_append_string(buf, text);
			if (*client_tail(plan))
				chat_buf_append_string(buf, "\xff"); /* what is replaced */
		} else if (plan->form == SEND_SPLIT) {
			append_long(buf, number, line);
		} else if (plan->form == SEND_REPLAY) {
			append_logged(buf, number, line);
		} else if (plan->form == SEND_ODD) {
			append_odd(buf, number, line);
		} else {
			append_json(buf, number, line, client_tail(plan), "");
		}
		chat_buf_append_string(buf, "\n");
	}
}

static void
write_file(const char *path, const void *bytes, size_t len)
{
	struct file *file;

	if (disk_open(path, O_WRONLY | O_CREAT | O_TRUNC, &file) < 0)
		abort();
	file->kind->write(file, bytes, len);
	file_unref(file);
}

/* The files that a sender is called with. */
static void
write_files(const struct client_plan *plan, unsigned number)
{
	static char bytes[CLIENT_FILE_MOST];
	struct chat_buf log = {0};
	char path[64];

	if (plan->form == SEND_REPLAY) {
		write_input(&log, plan, number);
		snprintf(path, sizeof(path), "/log-%u", number);
		write_file(path, log.at, log.len);
		chat_buf_free(&log);
	}
	write_file("/token", "\xef\xbb\xbf\n  a-token \n", 15);
	for (unsigned i = 0; plan->form == SEND_FILES && i < plan->lines; i++) {
		size_t len = client_file(bytes, number, i);

		snprintf(path, sizeof(path), "/c%u-%u", number, i);
		write_file(path, bytes, len);
	}
}

/* ---- input and output ---- */

/* Writes one half of the input, and ends it after the second. */
static void
feed(struct run *run, unsigned number, bool second)
{
	const struct client_plan *plan = &run->plan->client[number];
	struct actor *actor = &run->client[number];
	struct chat_buf buf = {0};
	size_t half;

	if (!actor->input)
		return;
	write_input(&buf, plan, number);
	half = buf.len / 2;
	actor->input->kind->write(
		actor->input, buf.at + (second ? half : 0), second ? buf.len - half : half);
	chat_buf_free(&buf);
	if (!second)
		return;
	file_unref(actor->input);
	actor->input = NULL;
}

static struct file *
open_input(struct actor *actor, const struct client_plan *plan)
{
	struct file *ends[2];

	if (plan->kind == CLIENT_LISTENER || plan->kind == CLIENT_BOT ||
		(plan->kind == CLIENT_SENDER &&
			(plan->form == SEND_WORDS ||
				(plan->form == SEND_FILES && !client_sends_stdin(plan)))))
		return run_nothing();
	stream_pipe(ends, INPUT_BYTES);
	actor->input = ends[1];
	return ends[0];
}

static struct file *
open_output(struct actor *actor, const struct client_plan *plan)
{
	struct file *ends[2];

	switch (plan->output) {
	case OUTPUT_PIPE:
	case OUTPUT_BROKEN:
		if (plan->again)
			break;
		stream_pipe(ends, 1);
		actor->output = ends[0];
		return ends[1];
	case OUTPUT_FULL:
		return device_open("/dev/full", O_WRONLY);
	case OUTPUT_CLOSED:
		return NULL;
	default:
		break;
	}
	return run_open_output("client", actor->number, 0);
}

static void
start_client(struct run *run, struct actor *actor)
{
	static struct client_command command;
	const struct client_plan *plan = &run->plan->client[actor->number];
	struct file *fds[3];
	char name[16];

	write_files(plan, actor->number);
	client_command_write(&command, run, actor->number);
	fds[0] = open_input(actor, plan);
	fds[1] = open_output(actor, plan);
	fds[2] = run_open_output("client-errors", actor->number, 0);
	snprintf(name, sizeof(name), "client%u", actor->number);
	actor_start(run, actor,
		plan->kind == CLIENT_SENDER           ? &program_send
			: plan->kind == CLIENT_MEMBER ? &program_member
						      : &program_listen,
		command.argv, &(struct place){ADDRESS + actor->number, 0}, name, fds);
	feed(run, actor->number, false);
}

/* The reader of its output goes away. */
static void
break_output(struct actor *actor)
{
	if (!actor->output)
		return;
	actor_take_output(actor, SIZE_MAX);
	file_unref(actor->output);
	actor->output = NULL;
}

/* ---- what happens to a client ---- */

static void
watch(struct run *run, struct actor *actor)
{
	const struct started *last = &actor->started[actor->count - 1];
	const struct client_plan *plan = &run->plan->client[actor->number];

	if (process_memory(last->process) > MEMORY_MOST)
		run_fail(run, "client %u has %zu bytes of memory", actor->number,
			process_memory(last->process));
	if (plan->kind == CLIENT_LISTENER && plan->output == OUTPUT_BROKEN && !plan->again &&
		!(plan->options & LISTEN_QUIET) && world_now_ns() > plan->middle_ns + BREAK_NS &&
		plan->form != LISTEN_LOG)
		run_fail(run, "client %u does not end although nobody reads it", actor->number);
}

/* Starts a client again that was killed, or a bot whose command has ended. */
static void
restart(struct run *run, struct actor *actor)
{
	const struct client_plan *plan = &run->plan->client[actor->number];

	if (!plan->again || actor->count == RUNS_MOST || run->clients_over ||
		(plan->kind == CLIENT_BOT && !client_has_program(plan)))
		return;
	if (!actor->restart_ns)
		actor->restart_ns = world_now_ns() + SECOND;
	if (world_now_ns() < actor->restart_ns)
		return;
	actor->restart_ns = 0;
	start_client(run, actor);
}

static void
tend(struct run *run, struct actor *actor)
{
	const struct client_plan *plan = &run->plan->client[actor->number];
	int64_t now_ns = world_now_ns(), before_ns = run->clients_ns;

	if (plan->absent || now_ns < plan->begin_ns)
		return;
	if (!actor->count)
		start_client(run, actor);
	if (now_ns >= plan->middle_ns && before_ns < plan->middle_ns) {
		feed(run, actor->number, true);
		if (plan->output == OUTPUT_BROKEN)
			break_output(actor);
	}
	if (now_ns >= plan->end_ns && before_ns < plan->end_ns)
		actor_end(actor, plan->signal);
	if (!(run->plan->seed % 3 == 0 && !run->calm)) /* else the pipe is full */
		actor_take_output(actor, SIZE_MAX);
	if (actor_is_up(actor))
		watch(run, actor);
	else
		restart(run, actor);
}

static void
on_tick(void *arg)
{
	struct run *run = arg;

	if (run->done || world_is_ending())
		return;
	for (unsigned i = 0; i < run->plan->clients; i++)
		tend(run, &run->client[i]);
	run->clients_ns = world_now_ns();
	world_at(run->clients_ns + (run->calm ? CALM_TICK_NS : TICK_NS), on_tick, run);
}

void
clients_begin(struct run *run)
{
	const char *argv[] = {"liar", NULL};
	bool lies = false;

	for (unsigned i = 0; i < run->plan->clients; i++) {
		run->client[i].number = i;
		lies |= run->plan->client[i].lied_to && !run->plan->client[i].absent;
	}
	run->clients_ns = -1;
	if (run->plan->clients)
		world_at(0, on_tick, run);
	if (lies)
		actor_start(run, &run->liar, &program_liar, argv, NULL, NULL,
			(struct file *[]){run_nothing(), run_nothing(), run_nothing()});
}

void
clients_end(struct run *run)
{
	run->clients_over = true;
	for (unsigned i = 0; i < run->plan->clients; i++) {
		const struct client_plan *plan = &run->plan->client[i];
		struct actor *actor = &run->client[i];

		if (plan->kind == CLIENT_SENDER && !plan->lied_to && actor_is_up(actor) &&
			plan->output <= OUTPUT_PIPE)
			run_fail(run, "client %u does not come to an end in calm", i);
		actor_end(actor, SIGTERM);
	}
}

bool
clients_are_up(const struct run *run)
{
	for (unsigned i = 0; i < run->plan->clients; i++)
		if (actor_is_up(&run->client[i]))
			return true;
	return false;
}
