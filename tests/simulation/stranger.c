/* A stranger publishes to the subjects of a cluster. */
#include "simulation/stranger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/cluster/batch.h"
#include "simulation/jetstream.h"
#include "simulation/kernel.h"
#include "text/buf.h"

#define OVERHEARD 16 /* calls that he remembers */
#define USERS_MANY 3000 /* in one call */

static struct {
	struct chat_span call[OVERHEARD];
	unsigned count; /* of all that he has heard */
} overheard;

typedef void write_fn(struct chat_buf *text, struct chance *chance);

/* ---- garbage ---- */

static void
write_nothing(struct chat_buf *text, struct chance *chance)
{
	(void)text;
	(void)chance;
}

static void
write_bytes(struct chat_buf *text, struct chance *chance)
{
	for (int64_t left = chance_scale(chance, 300); left > 0; left--) {
		char byte = (char)chance_below(chance, 256);

		chat_buf_append(text, &byte, 1);
	}
}

static void
write_huge(struct chat_buf *text, struct chance *chance)
{
	char line[64];

	memset(line, 'x', sizeof(line));
	if (chance_below(chance, 2))
		line[sizeof(line) - 1] = '\n';
	while (text->len + sizeof(line) <= JETSTREAM_PAYLOAD)
		chat_buf_append(text, line, sizeof(line));
}

/* ---- entries ---- */

#define HEAD "{\"type\":\"message\",\"id\":\"-\",\"sender\":\"evil\","

/* Lines that no server writes. */
static void
write_wrong_lines(struct chat_buf *text, struct chance *chance)
{
	static const char *const lines[] = {
		"null",
		"{}",
		"{\"type\":\"text\",\"text\":\"evil\"}",
		HEAD "\"content\":\"evil\",\"timestamp\":1,\"channel\":\"/\"}",
		HEAD "\"content\":\"evil\",\"timestamp\":1,\"senderId\":\"evil\"}",
		HEAD "\"content\":\"evil\",\"timestamp\":1,\"channel\":\"nowhere\",\"senderId\":"
		     "\"evil\"}",
		HEAD "\"content\":\"evil\",\"timestamp\":1,\"channel\":\"/../ops\",\"senderId\":"
		     "\"evil\"}",
		HEAD "\"content\":\"evil\",\"timestamp\":1,\"channel\":\"/\",\"senderId\":\"\"}",
		HEAD "\"content\":\"evil\",\"timestamp\":1,\"channel\":\"/\",\"senderId\":\"a b\"}",
		HEAD "\"content\":5,\"timestamp\":1,\"channel\":\"/\",\"senderId\":\"evil\"}",
		HEAD "\"content\":\"evil\",\"timestamp\":-1,\"channel\":\"/\",\"senderId\":"
		     "\"evil\"}",
		HEAD "\"content\":\"evil\",\"timestamp\":1,\"channel\":\"/\",\"senderId\":\"evil\","
		     "\"nonce\":\"\"}",
	};

	for (int64_t left = chance_scale(chance, 20); left > 0; left--)
		chat_buf_printf(
			text, "%s\n", lines[chance_below(chance, sizeof(lines) / sizeof(*lines))]);
}

static void
write_lines(struct chat_buf *text, struct chance *chance, int64_t count)
{
	static const char *const channels[] = {"/", "/ops", "/evil"};
	unsigned number = (unsigned)chance_below(chance, 1000);

	for (; count > 0; count--) {
		chat_buf_printf(text,
			HEAD "\"content\":\"evil %u\",\"timestamp\":1,\"channel\":\"%s\","
			     "\"senderId\":\"evil\"",
			number++, channels[chance_below(chance, 3)]);
		if (chance_below(chance, 2))
			chat_buf_printf(
				text, ",\"nonce\":\"evil-%u\"", (unsigned)chance_below(chance, 20));
		chat_buf_append_string(text, "}\n");
	}
}

/* Messages as servers write them. */
static void
write_batch(struct chat_buf *text, struct chance *chance)
{
	write_lines(text, chance, chance_scale(chance, 8));
}

static void
write_large_batch(struct chat_buf *text, struct chance *chance)
{
	write_lines(text, chance, BATCH_MESSAGES_MAX + chance_scale(chance, BATCH_MESSAGES_MAX));
}

static void
write_entry_again(struct chat_buf *text, struct chance *chance)
{
	uint64_t last = jetstream_last();
	const struct stored *stored = last ? jetstream_entry(1 + chance_below(chance, last)) : NULL;

	if (stored)
		chat_buf_append_span(text, stored->text);
}

static void
publish(struct chance *chance)
{
	static write_fn *const writes[] = {write_nothing, write_bytes, write_huge,
		write_wrong_lines, write_batch, write_large_batch, write_entry_again,
		write_entry_again};
	struct chat_buf text = {0};
	struct stored entry = {0};

	writes[chance_below(chance, sizeof(writes) / sizeof(*writes))](&text, chance);
	entry.text = chat_buf_span(&text);
	if (chance_below(chance, 4) == 0)
		shared_log_next_batch(chance_below(chance, 8), &entry);
	jetstream_publish(&entry);
	shared_log_pass_on();
	chat_buf_free(&text);
}

/* ---- calls ---- */

/* Calls that no server makes. */
static void
write_wrong_call(struct chat_buf *text, struct chance *chance)
{
	static const char *const calls[] = {
		"{}",
		"{\"roll\":\"beat\"}",
		"{\"roll\":\"beat\",\"server\":\"../x\",\"version\":1,\"part\":0,\"parts\":0}",
		"{\"roll\":\"beat\",\"server\":\"\",\"version\":1,\"part\":0,\"parts\":0}",
		"{\"roll\":\"song\",\"server\":\"evil\",\"version\":1,\"part\":0,\"parts\":0}",
		"{\"roll\":\"change\",\"server\":\"evil\",\"version\":-5,\"part\":0,\"parts\":0}",
		"{\"roll\":\"beat\",\"server\":\"evil\",\"version\":1e99,\"part\":0,\"parts\":0}",
		"{\"roll\":\"whole\",\"server\":\"evil\",\"version\":1,\"part\":9,\"parts\":1}",
		"{\"roll\":\"whole\",\"server\":\"evil\",\"version\":1,\"part\":1,\"parts\":1}\n"
		"{\"channel\":\"nowhere\",\"userId\":\"evil\",\"username\":\"evil\",\"since\":1,"
		"\"online\":true}",
		"{\"roll\":\"whole\",\"server\":\"evil\",\"version\":1,\"part\":1,\"parts\":1}\n"
		"{\"channel\":\"/\",\"userId\":\"evil\",\"username\":\"ev\\u202eil\",\"since\":1,"
		"\"online\":true}",
	};

	chat_buf_printf(text, "%s\n", calls[chance_below(chance, sizeof(calls) / sizeof(*calls))]);
}

static void
write_head(struct chat_buf *text, struct chance *chance, const char *kind)
{
	unsigned parts = 1 + (unsigned)chance_below(chance, 3);

	chat_buf_printf(text,
		"{\"roll\":\"%s\",\"server\":\"evil%u\",\"version\":%u,\"part\":%u,\"parts\":%u}\n",
		kind, (unsigned)chance_below(chance, 3), (unsigned)chance_below(chance, 4),
		chance_below(chance, 2) ? parts : 1, parts);
}

static void
write_users(struct chat_buf *text, struct chance *chance, const char *channel, int64_t count)
{
	for (; count > 0; count--)
		chat_buf_printf(text,
			"{\"channel\":\"%s\",\"userId\":\"evil%lld\",\"username\":\"evil%lld\","
			"\"since\":%u,\"online\":%s}\n",
			channel, (long long)count, (long long)count,
			(unsigned)chance_below(chance, 2000),
			chance_below(chance, 8) ? "true" : "false");
}

/* Servers and users that there are not, and somebody who has come before each rival. */
static void
write_server(struct chat_buf *text, struct chance *chance)
{
	static const char *const kinds[] = {"ask", "beat", "change", "whole", "whole", "leave"};
	const char *kind = kinds[chance_below(chance, sizeof(kinds) / sizeof(*kinds))];

	write_head(text, chance, kind);
	if (kind[0] != 'c' && kind[0] != 'w')
		return;
	write_users(text, chance, chance_below(chance, 2) ? "/" : "/ops", chance_scale(chance, 20));
	if (chance_below(chance, 4) == 0)
		chat_buf_printf(text,
			"{\"channel\":\"/\",\"userId\":\"evil\",\"username\":\"rival\",\"since\":1,"
			"\"online\":true}\n");
}

/* A call in the name of a server, with a version that it does not reach. */
static void
write_in_its_name(struct chat_buf *text, struct chance *chance)
{
	static const char *const kinds[] = {"beat", "change", "whole", "leave"};
	unsigned count = overheard.count < OVERHEARD ? overheard.count : OVERHEARD;
	static const char key[] = "\"server\":\"";
	struct chat_span said, name;

	if (!count)
		return;
	said = overheard.call[chance_below(chance, count)];
	name.at = memmem(said.at, said.len, key, sizeof(key) - 1);
	if (!name.at)
		return;
	name.at += sizeof(key) - 1;
	name.len = strcspn(name.at, "\"");
	chat_buf_printf(text,
		"{\"roll\":\"%s\",\"server\":\"%.*s\",\"version\":%u,\"part\":1,\"parts\":1}\n",
		kinds[chance_below(chance, 4)], (int)name.len, name.at,
		1000000 + (unsigned)chance_below(chance, 4));
	if (chance_below(chance, 2))
		write_users(text, chance, "/", chance_scale(chance, 20));
}

static void
write_crowd(struct chat_buf *text, struct chance *chance)
{
	chat_buf_printf(text,
		"{\"roll\":\"whole\",\"server\":\"evil\",\"version\":1,\"part\":1,\"parts\":1}\n");
	write_users(text, chance, "/evil", USERS_MANY);
}

static void
write_call_again(struct chat_buf *text, struct chance *chance)
{
	unsigned count = overheard.count < OVERHEARD ? overheard.count : OVERHEARD;

	if (count)
		chat_buf_append_span(text, overheard.call[chance_below(chance, count)]);
}

static void
call(struct chance *chance)
{
	static write_fn *const writes[] = {write_nothing, write_bytes, write_huge, write_wrong_call,
		write_server, write_in_its_name, write_in_its_name, write_crowd, write_call_again,
		write_call_again};
	struct chat_buf text = {0};

	writes[chance_below(chance, sizeof(writes) / sizeof(*writes))](&text, chance);
	shared_log_tell_all(chat_buf_span(&text));
	chat_buf_free(&text);
}

/* ---- the whole ---- */

void
stranger_act(uint64_t number)
{
	struct chance chance = {number};

	world_trace("a stranger publishes");
	world_tally()->strangers++;
	if (chance_below(&chance, 2))
		publish(&chance);
	else
		call(&chance);
}

/* He keeps some of the first calls, too: those of servers that have ended since. */
void
stranger_overhear(struct chat_span said)
{
	unsigned count = overheard.count++;
	struct chat_span *slot = &overheard.call[count % OVERHEARD];
	char *bytes;

	if (count >= OVERHEARD && count % OVERHEARD < OVERHEARD / 4)
		return;
	bytes = malloc(said.len + 1);
	if (!bytes)
		abort();
	if (said.len)
		memcpy(bytes, said.at, said.len);
	bytes[said.len] = '\0';
	free((char *)slot->at);
	*slot = (struct chat_span){bytes, said.len};
}

void
stranger_end(void)
{
	for (unsigned i = 0; i < OVERHEARD; i++)
		free((char *)overheard.call[i].at);
	memset(&overheard, 0, sizeof(overheard));
}
