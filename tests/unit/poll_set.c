/*
 * The loops of chat-listen and chat-send as they are, one turn at a time, between a server, a
 * reader and a writer that do a little of something, or nothing, at random. Whenever the program
 * would sleep, whatever it could do is looked for: somebody who is asleep while there is something
 * to do is never woken. And at the end all has come, in order and once.
 *
 * With an argument it plays the game of that seed alone.
 */
#include "fake_server.h"

#include <linux/sockios.h>
#include <signal.h>

#include "command/diag.h"
#include "common/signals.h"
#include "listen/listener.h"
#include "send/sender.h"
#include "tap.h"
#include "text/clock.h"

#define GAMES 6
#define FULL_BYTES 20000 /* less than a pipe holds: one flush may empty what was full */
#define PATIENCE_MS 20000 /* with no step forward */
#define SETTLE_MS 2000 /* for the kernel to tell what it has */

/* The program under test. */
struct program {
	const char *name;
	void *self;
	bool (*turn)(void *self);
	void (*await)(void *self);
	void (*woken)(void *self);
	void (*peer)(struct game *game, void *self); /* who gives it something to do */
	const char *(*left)(void *self); /* what else it could do; NULL: there is nothing else */
	struct poll_set *waits;
	const struct output *output;
	struct membership *membership;
};

/* Returns what a program that sleeps could do, or NULL when it has a reason to sleep. */
static const char *
work_left(const struct output *output, const struct membership *membership)
{
	struct pollfd fds[CHAT_CLIENT_POLL_FDS];

	if (output_pending_bytes(output) > 0 && is_writable(output->fd))
		return "its reader has room";
	if (!membership || !membership->client || membership->state < MEMBERSHIP_JOINED)
		return NULL;
	chat_client_poll_fds(membership->client, fds, CHAT_CLIENT_POLL_FDS);
	if (!output_is_full(output) && unread_bytes(fds[0].fd) > 0)
		return "the server has said something";
	if (chat_client_queued_bytes(membership->client) > 0 && is_writable(fds[0].fd))
		return "the server has room";
	return NULL;
}

/* All that the server sent was read from the kernel: is it all dealt with? */
static bool
is_withheld(const struct game *game, struct membership *membership)
{
	struct pollfd fds[CHAT_CLIENT_POLL_FDS];
	struct membership_event event = {0};
	int unacknowledged = 0;

	if (!membership || !membership->client || membership->state < MEMBERSHIP_JOINED ||
		membership->paused || game->server.fd < 0)
		return false;
	chat_client_poll_fds(membership->client, fds, CHAT_CLIENT_POLL_FDS);
	if (ioctl(game->server.fd, SIOCOUTQ, &unacknowledged) < 0 || unacknowledged > 0 ||
		unread_bytes(fds[0].fd) > 0)
		return false;
	chat_membership_next(membership, &event);
	return event.what == MEMBERSHIP_MESSAGE;
}

/* Returns true when the program is woken at once. Otherwise it must have nothing to do. */
static bool
game_wakes(struct game *game, const struct program *program)
{
	struct poll_set *waits = program->waits;
	const char *work;

	if (chat_poll_set_poll(waits, 0) > 0 || waits->wake_ms <= chat_now_ms())
		return true;
	work = work_left(program->output, program->membership);
	if (!work && program->left)
		work = program->left(program->self);
	if (work && chat_poll_set_poll(waits, SETTLE_MS) <= 0)
		game->asleep = work;
	if (!work && is_withheld(game, program->membership))
		game->asleep = "what was read is not dealt with";
	return work != NULL;
}

/* Left alone it does what there is to do, and then sleeps. */
#define REST_TURNS 20000

/* The next turn, if there is anything to do. False: the program is at its end. */
static bool
program_step(struct game *game, const struct program *program)
{
	program->await(program->self);
	if (!game_wakes(game, program))
		return true;
	if (chat_poll_set_poll(program->waits, 0) > 0)
		program->woken(program->self);
	game->turns++;
	return program->turn(program->self);
}

static bool
program_rest(struct game *game, const struct program *program)
{
	size_t before = game->turns, last;

	do {
		last = game->turns;
		if (!program_step(game, program))
			return false;
	} while (game->turns != last && game->turns - before < REST_TURNS);
	if (game->turns != last)
		game->asleep = "nothing, but it does not sleep";
	return true;
}

/* Until all lines have come, or it is known that they will not. */
static void
game_play(struct game *game, const struct program *program, bool tells, size_t lines)
{
	int64_t moved_ms = chat_now_ms();
	bool running = program->turn(program->self);
	size_t before = 0;

	while (running && !game->asleep && (!tells || game->lines < lines)) {
		program->peer(game, program->self);
		if (!game_move(game, tells) && below(&game->chance, 200) == 0)
			game_settle(game, tells);
		running = below(&game->chance, 500) == 0 ? program_rest(game, program)
							 : program_step(game, program);
		if (game->lines != before)
			moved_ms = chat_now_ms();
		before = game->lines;
		if (chat_now_ms() - moved_ms > PATIENCE_MS)
			game->asleep = "nothing goes on";
	}
	is_str(game->asleep ? game->asleep : "nothing", "nothing",
		"what %s has to do when it sleeps", program->name);
}

/* ---- chat-listen ---- */

/* Some more is said in the channel. */
static void
channel_peer(struct game *game, void *self)
{
	struct server *server = &game->server;

	(void)self;
	if (server->joined && server->said < LINES && server->out.len - server->sent < 200000)
		for (size_t i = below(&game->chance, 20); i > 0 && server->said < LINES; i--)
			server_say(server, ++server->said, NULL);
}

static bool
listen_turn(void *self)
{
	return listener_turn(self);
}

static void
listen_await(void *self)
{
	listener_await(self);
}

static void
listen_woken(void *self)
{
	listener_woken(self);
}

static void
test_listen(uint64_t seed)
{
	struct listener_options options = {.last = -1, .retry_for_ms = -1};
	struct listener listener = {.options = &options};
	struct program program = {"chat-listen", &listener, listen_turn, listen_await, listen_woken,
		channel_peer, NULL, &listener.waits, &listener.printer.output, NULL};
	struct game game;

	game_open(&game, seed);
	listener.settings = &game.settings;
	signals_open(&listener.signals, NULL);
	output_open(&listener.printer.output, game.stdout_fd);
	listener.printer.output.full_bytes = FULL_BYTES;
	listener_begin(&listener, &game.urls, 1);
	program.membership = &listener.feeds[0].membership;
	game_play(&game, &program, true, LINES);
	ok(game.lines == LINES && !game.disorder, "%d lines, in order and once", LINES);
	output_close(&listener.printer.output);
	signals_close(&listener.signals);
	listener_finish(&listener);
	game_close(&game);
}

/* ---- chat-send ---- */

struct said {
	struct sender sender;
	struct source source;
	int input; /* of a pipe, whose end is written to */
	size_t lines;
};

/* Somebody writes some lines. */
static void
writer_peer(struct game *game, void *self)
{
	struct said *said = self;
	char line[32];

	for (size_t i = below(&game->chance, 30); i > 0 && said->input >= 0; i--) {
		int len = snprintf(line, sizeof(line), "line %zu\n", said->lines + 1);

		if (write(said->input, line, (size_t)len) != len)
			return;
		if (++said->lines == LINES - 1) {
			close(said->input);
			said->input = -1;
		}
	}
}

static bool
send_turn(void *self)
{
	return sender_turn(&((struct said *)self)->sender);
}

static const char *
send_left(void *self)
{
	struct sender *sender = &((struct said *)self)->sender;

	if (sender->input.ended || !chat_outbox_has_room(&sender->delivery.outbox) ||
		unread_bytes(source_fd(sender->source)) == 0)
		return NULL;
	return "there is a line to be said";
}

static void
send_await(void *self)
{
	sender_await(&((struct said *)self)->sender);
}

static void
send_woken(void *self)
{
	sender_woken(&((struct said *)self)->sender);
}

static void
test_send(uint64_t seed)
{
	struct sender_options options = {.window = 100, .retry_for_ms = PATIENCE_MS};
	struct said said = {
		.source = {.lines_are_text = true, .has_lines = true, .due_ms = INT64_MAX},
		.sender = {.options = &options, .source = &said.source},
	};
	struct program program = {"chat-send", &said, send_turn, send_await, send_woken,
		writer_peer, send_left, &said.sender.waits, &said.sender.report.output,
		&said.sender.membership};
	struct game game;
	int input[2];

	game_open(&game, seed);
	if (pipe2(input, O_CLOEXEC) < 0 || fcntl(input[1], F_SETFL, O_NONBLOCK) < 0)
		abort();
	said.input = input[1];
	chat_lines_init(&said.source.lines, input[0], 1000);
	said.sender.settings = &game.settings;
	said.sender.urls = &game.urls;
	signals_open(&said.sender.signals, NULL);
	output_open(&said.sender.report.output, game.stdout_fd);
	said.sender.report.output.full_bytes = FULL_BYTES;
	sender_begin(&said.sender);
	game_play(&game, &program, false, LINES - 1);
	is_int(sender_finish(&said.sender), 0, "all is accepted");
	while (game_read(&game, 1 << 20))
		;
	ok(game.lines == LINES - 1 && !game.disorder && game.server.heard == LINES - 1,
		"%d lines said, in order and once, and as many receipts", LINES - 1);
	output_close(&said.sender.report.output);
	signals_close(&said.sender.signals);
	source_close(&said.source);
	if (said.input >= 0)
		close(said.input);
	game_close(&game);
}

int
main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;

	chat_start();
	for (uint64_t seed = first; seed < first + (argc > 1 ? 1 : GAMES); seed++) {
		printf("# game %llu\n", (unsigned long long)seed);
		test_listen(seed);
		test_send(seed);
	}
	return done();
}
