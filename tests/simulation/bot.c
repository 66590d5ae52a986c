/* A command that answers messages, and ends when nobody wants it to. */
#include "simulation/bot.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/msg.h"
#include "simulation/calls.h"
#include "simulation/kernel.h"

#define LINE_MOST (4u << 20)
#define ID_MOST 100
#define CONTENT_MOST 8192

struct bot {
	int64_t calm_ns;
	unsigned dies, how, slow_ms;
	char *bytes; /* what was read */
	size_t len, cap;
};

bool
bot_answers(const char *id, const char *content)
{
	unsigned who, line, hash = 0;

	if (sscanf(content, "s%u-%u", &who, &line) != 2 &&
		sscanf(content, "c%u-%u", &who, &line) != 2)
		return false;
	for (; *id; id++)
		hash = hash * 31 + (unsigned char)*id;
	return hash % 3 == 0;
}

static uint64_t
below(uint64_t bound)
{
	return chance_below(world_chance(), bound);
}

/* Leaves a process in its group. */
static void
leave_behind(void)
{
	static const struct program program = {"lingerer", lingerer_main};
	const char *argv[] = {"lingerer", below(2) ? "stays" : "goes", NULL};
	struct process *child, *self = process_self();
	struct file *fds[3];

	for (int fd = 0; fd < 3; fd++)
		fds[fd] = below(2) ? process_file_of(self, fd) : NULL;
	child = process_start(&program, argv, NULL, fds);
	process_kin(child)->parent = self;
	process_kin(child)->group = process_kin(self)->group;
}

static _Noreturn void
die(const struct bot *bot)
{
	if (below(8) == 0)
		leave_behind();
	process_exit((int)bot->how);
}

static void
say(const char *text, size_t len)
{
	if (sim_write(1, text, len) != (ssize_t)len)
		process_exit(1);
}

/* Answers a message, or says that it has done with it; or dies before, after or in the middle. */
static void
take(const struct bot *bot, const char *id, const char *content)
{
	bool calm = world_now_ns() >= bot->calm_ns;
	bool dies = !calm && chance_hits(world_chance(), bot->dies);
	char text[400];
	int len = 0;

	if (!calm && bot->slow_ms)
		task_wait(world_now_ns() + (int64_t)below(bot->slow_ms) * MILLISECOND);
	if (dies && below(3) == 0)
		die(bot);
	if (bot_answers(id, content))
		len = snprintf(text, sizeof(text),
			"{\"type\":\"text\",\"text\":\"re %s\",\"replyTo\":\"%s\"}\n", id, id);
	else if (below(3) == 0)
		len = snprintf(text, sizeof(text), "{\"type\":\"$done\",\"id\":\"%s\"}\n", id);
	else if (!calm && below(20) == 0)
		len = snprintf(text, sizeof(text), "%s\n", below(2) ? "" : "this is none");
	say(text, dies && len && below(2) ? below((uint64_t)len) : (size_t)len);
	if (dies)
		die(bot);
}

static void
take_line(const struct bot *bot, struct chat_span line)
{
	char id[ID_MOST], content[CONTENT_MOST];
	struct chat_msg msg;
	size_t len;

	if (chat_msg_read(&msg, line, CHAT_FROM_SERVER, NULL) < 0 || msg.type != CHAT_TYPE_MESSAGE)
		return;
	len = chat_json_unescape(&msg.value[CHAT_SLOT_ID], id, sizeof(id) - 1);
	id[len < sizeof(id) ? len : 0] = '\0';
	len = chat_json_unescape(&msg.value[CHAT_SLOT_CONTENT], content, sizeof(content) - 1);
	content[len < sizeof(content) ? len : 0] = '\0';
	if (!strpbrk(id, "\"\\\n"))
		take(bot, id, content);
}

/* Reads more. Returns false at the end. */
static bool
read_more(struct bot *bot)
{
	ssize_t count;

	if (bot->cap - bot->len < 4096) {
		bot->cap = bot->cap ? 2 * bot->cap : 8192;
		if (bot->cap > LINE_MOST)
			process_exit(4);
		bot->bytes = sim_realloc(bot->bytes, bot->cap);
	}
	count = sim_read(0, bot->bytes + bot->len, bot->cap - bot->len);
	if (count <= 0)
		return false;
	bot->len += (size_t)count;
	return true;
}

int
bot_main(int argc, char **argv)
{
	struct bot bot = {0};
	const char *end;

	if (argc < 5)
		return 64;
	bot.calm_ns = atoll(argv[1]) * MILLISECOND;
	bot.dies = (unsigned)atoi(argv[2]);
	bot.how = (unsigned)atoi(argv[3]);
	bot.slow_ms = (unsigned)atoi(argv[4]);
	while (read_more(&bot)) {
		size_t taken = 0;

		while ((end = memchr(bot.bytes + taken, '\n', bot.len - taken))) {
			size_t len = (size_t)(end - bot.bytes) - taken;

			take_line(&bot, (struct chat_span){bot.bytes + taken, len});
			taken += len + 1;
		}
		bot.len -= taken;
		memmove(bot.bytes, bot.bytes + taken, bot.len);
	}
	return 0;
}

int
lingerer_main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "stays") == 0)
		sim_signal(SIGTERM, SIG_IGN);
	for (;;)
		task_wait(NEVER);
}
