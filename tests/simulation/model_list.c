/* The list of all messages that somebody has printed, in one order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/cluster/batch.h"
#include "serve/journal/message_id.h"
#include "simulation/jetstream.h"
#include "simulation/lines.h"
#include "simulation/model_private.h"
#include "text/hash.h"

#define NUMBER_BITS 52 /* of an order: the number of the message */
#define NUMBER_MASK ((UINT64_C(1) << NUMBER_BITS) - 1)

bool
model_read(struct chat_span line, struct known *message)
{
	static char content[TEXT_MOST * 8], channel[64];
	struct chat_msg msg;

	if (chat_msg_read(&msg, line, CHAT_FROM_SERVER, NULL) < 0 || msg.type != CHAT_TYPE_MESSAGE)
		return false;
	*message = (struct known){0};
	line_string(&msg, CHAT_SLOT_ID, message->id, sizeof(message->id));
	line_string(&msg, CHAT_SLOT_SENDER_ID, message->author, sizeof(message->author));
	line_string(&msg, CHAT_SLOT_CONTENT, content, sizeof(content));
	line_string(&msg, CHAT_SLOT_CHANNEL, channel, sizeof(channel));
	message->content = content;
	message->line = chat_hash(line.at, line.len);
	message->channel = strcmp(channel, "/") == 0 ? 0
		: strcmp(channel, "/ops") == 0       ? 1
						     : OTHERS;
	return true;
}

/* ---- the list ---- */

int
model_find_epoch(const struct model *model, const char *id, size_t len)
{
	for (unsigned i = 0; i < model->epoch_count; i++)
		if (strncmp(model->epochs[i], id, len) == 0 && !model->epochs[i][len])
			return (int)i;
	return -1;
}

/* The place of a new epoch. Those of a cluster are times of the stream, whose clock nobody sets. */
static int
place_epoch(const struct model *model, const char *id, int before)
{
	int at = 0;

	if (!model->run->plan->is_cluster)
		return before + 1;
	while (at < (int)model->epoch_count && strcmp(model->epochs[at], id) < 0)
		at++;
	return at;
}

/* Notes the epoch of a message that follows one of the epoch `before` (-1: it is the first). */
static int
note_epoch(struct model *model, const char *id, int before)
{
	size_t len = strcspn(id, "-");
	int at = model_find_epoch(model, id, len);

	if (at >= 0 || model->epoch_count == EPOCHS_MOST)
		return at;
	at = place_epoch(model, id, before);
	memmove(model->epochs + at + 1, model->epochs + at,
		(model->epoch_count++ - (unsigned)at) * sizeof(*model->epochs));
	snprintf(model->epochs[at], sizeof(*model->epochs), "%.*s", (int)len, id);
	return at;
}

void
model_take_epochs(struct model *model, const char *text, size_t len)
{
	struct chat_span rest = {text, len}, line;
	struct known message;
	int before = -1;

	while (text && line_next(&rest, &line))
		if (model_read(line, &message))
			before = note_epoch(model, message.id, before);
}

uint64_t
model_order(struct model *model, const char *id)
{
	size_t len = strcspn(id, "-");
	int epoch = model_find_epoch(model, id, len);
	uint64_t ignored, number;

	if (epoch < 0 || id[len] != '-')
		run_fail(model->run, "nobody gave the id %s", id);
	if (!message_id_read(chat_span_of(id), &ignored, &number))
		number = 0;
	return (uint64_t)(epoch < 0 ? 0 : epoch) << NUMBER_BITS | number;
}

size_t
model_find(const struct model *model, uint64_t order)
{
	size_t low = 0, high = model->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (model->known[middle].order < order)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_speaker(const struct run *run, const char *author)
{
	char id[ID_MOST];

	for (unsigned i = 0; i < run->plan->speakers; i++) {
		run_author(run, id, sizeof(id), i);
		if (strcmp(author, id) == 0)
			return true;
	}
	return false;
}

/* A speaker's text comes from this speaker, and an adversary's from no speaker. */
static void
check_author(struct model *model, const struct known *message)
{
	unsigned speaker = 0, line = 0;
	char text[TEXT_MOST + 1], author[ID_MOST];

	if (sscanf(message->content, "s%u-%u", &speaker, &line) == 2) {
		run_text(model->run, text, speaker, line);
		run_author(model->run, author, sizeof(author), speaker);
		if (strcmp(message->content, text) == 0 && strcmp(message->author, author) == 0)
			return;
	} else if (!is_speaker(model->run, message->author)) {
		return; /* nobody honest */
	}
	run_fail(model->run, "%s of %s says \"%.40s\"", message->id, message->author,
		message->content);
}

struct known *
model_add(struct model *model, const struct known *message)
{
	uint64_t order = model_order(model, message->id);
	size_t at = model_find(model, order);
	struct known *known;

	if (at < model->count && model->known[at].order == order) {
		known = &model->known[at];
		if (strcmp(known->content, message->content) != 0 && !model_is_lost(model, order))
			run_fail(model->run, "%s is \"%.40s\" and \"%.40s\"", known->id,
				known->content, message->content);
		return known;
	}
	if (model->count == model->cap) {
		model->cap = model->cap ? 2 * model->cap : 256;
		model->known = realloc(model->known, model->cap * sizeof(*model->known));
		if (!model->known)
			abort();
	}
	known = &model->known[at];
	memmove(known + 1, known, (model->count++ - at) * sizeof(*known));
	*known = *message;
	known->order = order;
	check_author(model, message);
	known->content = strdup(message->content);
	return known;
}

static bool
is_lost_by(const struct run *run, size_t offset)
{
	for (unsigned i = 0; i < run->loss_count; i++)
		if (offset < run->losses[i].printed)
			return true;
	return false;
}

/* When the stream of a message was made. */
static int64_t
made_ms_of(const struct model *model, uint64_t order)
{
	return (int64_t)strtoull(model->epochs[order >> NUMBER_BITS], NULL, 16);
}

/* Returns true if a message is of a stream that was deleted. */
static bool
is_of_deleted_stream(const struct model *model, uint64_t order)
{
	return plan_has(model->run->plan, ACTION_DELETE) &&
		made_ms_of(model, order) != jetstream_made_ms();
}

bool
model_is_removed(const struct model *model, uint64_t order)
{
	return plan_forgets_entries(model->run->plan) &&
		((order & NUMBER_MASK) >> BATCH_BITS < jetstream_first() ||
			is_of_deleted_stream(model, order));
}

bool
model_is_lost(const struct model *model, uint64_t order)
{
	return plan_loses_entries(model->run->plan) &&
		jetstream_was_lost(made_ms_of(model, order), (order & NUMBER_MASK) >> BATCH_BITS);
}

bool
model_was_lost(const struct model *model, const struct known *message, uint64_t order)
{
	const struct stored *stored = jetstream_entry((order & NUMBER_MASK) >> BATCH_BITS);
	char content[TEXT_MOST + 64];

	if (message->content[0] != 's' || model_is_removed(model, order))
		return false;
	snprintf(content, sizeof(content), "\"content\":\"%s\"", message->content);
	return !stored || !memmem(stored->text.at, stored->text.len, content, strlen(content));
}

static void
take_printed(struct model *model, const char *path)
{
	struct chat_span rest, line;
	struct known message;
	const char *start = disk_bytes(path, &rest.len);
	uint64_t before[CHANNELS + 1] = {0};

	rest.at = start;
	while (start && line_next(&rest, &line)) {
		struct known *known;

		if (!model_read(line, &message))
			continue;
		known = model_add(model, &message);
		if (model_is_lost(model, known->order)) {
			known->printed = known->optional = true;
			continue;
		}
		if (model->run->plan->is_cluster && known->line != message.line)
			run_fail(model->run, "%s has other bytes in %s", message.id, path);
		if (known->channel != OTHERS && known->order <= before[known->channel])
			run_fail(model->run, "the server printed %s late", message.id);
		before[known->channel] = known->order;
		known->printed = true;
		known->optional = is_lost_by(model->run, (size_t)(line.at - start)) ||
			model_is_removed(model, known->order);
	}
}

void
model_take_server(struct model *model)
{
	const struct run *run = model->run;
	char path[64];

	if (!run->plan->is_cluster)
		take_printed(model, "/server-0-0");
	for (unsigned node = 0; run->plan->is_cluster && node < NODES; node++)
		for (unsigned i = 0; i < run->server[node].count; i++) {
			run_server_path(run, path, sizeof(path), node, i);
			take_printed(model, path);
		}
}
