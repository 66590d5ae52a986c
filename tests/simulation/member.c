/*
 * A program on libchat-client: member URL NAME ID leaves|stays. Each line of standard input is a
 * text, or a message as JSON. It prints what happens as a letter and what belongs to it: M, a
 * message; A, R, U and N, the tag of a line and its result; G, a gap; E, the end.
 */
#include "chat/member.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CLOSE_MS 20000

struct program {
	struct chat_member *member;
	char in[65536];
	size_t in_len;
	uint64_t lines;
	bool input_ended, closing, leaves;
};

static void
print(const char *head, struct chat_span text)
{
	if (write(STDOUT_FILENO, head, strlen(head)) < 0 ||
		write(STDOUT_FILENO, text.at, text.len) < 0 || write(STDOUT_FILENO, "\n", 1) < 0)
		_exit(1);
}

static void
print_result(const char *letter, const struct chat_event *event)
{
	char head[40];

	snprintf(head, sizeof(head), "%s %llu ", letter, (unsigned long long)event->tag);
	print(head, event->text);
}

static void
tell(const struct chat_event *event)
{
	static const char *const results[] = {"A", "R", "U", "N"};

	if (event->type == CHAT_EVENT_MESSAGE)
		print("M ", event->text);
	else if (event->type >= CHAT_EVENT_ACCEPTED && event->type <= CHAT_EVENT_UNSENT)
		print_result(results[event->type - CHAT_EVENT_ACCEPTED], event);
	else if (event->type == CHAT_EVENT_GAP)
		print("G", event->text);
}

/* Sends the next line, if there is a whole one and room for it. */
static bool
send_line(struct program *program)
{
	const char *end = memchr(program->in, '\n', program->in_len);
	struct chat_span line = {program->in, end ? (size_t)(end - program->in) : 0};
	struct chat_err err;
	int failed;

	if (!end)
		return false;
	failed = line.at[0] == '{'
		? chat_member_send(program->member, line, program->lines, &err)
		: chat_member_send_text(program->member, line, NULL, program->lines, &err);
	if (failed && err.code == CHAT_TRY_LATER)
		return false;
	if (failed)
		print("F ", line);
	program->lines++;
	program->in_len -= line.len + 1;
	memmove(program->in, end + 1, program->in_len);
	return true;
}

static void
read_input(struct program *program)
{
	ssize_t count = read(
		STDIN_FILENO, program->in + program->in_len, sizeof(program->in) - program->in_len);

	if (count > 0)
		program->in_len += (size_t)count;
	else
		program->input_ended = true;
}

/* Takes all events. Returns the last one if it is the end. */
static const struct chat_event *
take_events(struct program *program)
{
	const struct chat_event *event;

	while ((event = chat_member_next(program->member)) && event->type != CHAT_EVENT_ENDED)
		tell(event);
	return event;
}

static void
leave_when_done(struct program *program)
{
	if (!program->input_ended || !program->leaves || program->closing)
		return;
	program->closing = true;
	chat_member_close(program->member, CLOSE_MS);
}

static int
run(struct program *program)
{
	struct pollfd fds[2] = {{chat_member_fd(program->member), POLLIN, 0}, {-1, POLLIN, 0}};
	const struct chat_event *event;
	int status;

	do {
		bool full = program->in_len == sizeof(program->in);

		fds[1].fd = program->input_ended || full ? -1 : STDIN_FILENO;
		poll(fds, 2, full ? 100 : -1);
		if (fds[1].fd >= 0 && fds[1].revents)
			read_input(program);
		while (send_line(program))
			;
		leave_when_done(program);
		event = take_events(program);
	} while (!event);
	print("E ", (struct chat_span){event->err.text, strlen(event->err.text)});
	status = event->err.code == CHAT_OK ? 0 : 1;
	if (*chat_member_position(program->member) && chat_member_unsettled(program->member))
		status = 3; /* every message has its result */
	chat_member_free(program->member);
	return status;
}

int
main(int argc, char **argv)
{
	static const char from_first[] = "0";
	struct chat_member_options options = {.size = sizeof(options), .wait = true};
	struct program program = {0};
	struct chat_err err;

	if (argc < 5)
		return 64;
	options.url = argv[1];
	options.username = argv[2];
	options.id = argv[3];
	options.since = from_first;
	options.dead_after_ms = 5000;
	options.window = 16;
	program.leaves = strcmp(argv[4], "leaves") == 0;
	program.member = chat_member_open(&options, &err);
	if (!program.member)
		return 65;
	return run(&program);
}
