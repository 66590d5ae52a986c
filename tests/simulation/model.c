/*
 * The promises that must hold in a run: a list of messages, as the server printed them and as
 * everybody heard them, one order for all.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/msg.h"
#include "simulation/causes.h"
#include "simulation/run.h"

#define ID_MOST 64
#define OTHERS CHANNELS /* the channels that only adversaries make */

/* A message that somebody has printed. */
struct known {
	char id[ID_MOST];
	uint64_t order; /* from its id: the server's start, and the number since then */
	char author[ID_MOST];
	char *content; /* owned */
	unsigned channel;
	bool printed; /* by the server */
	bool optional; /* the server may have lost it */
	bool acknowledged; /* a receipt has it */
	bool kept; /* it is there at the end */
};

#define EPOCHS_MOST (2 * RUNS_MOST)

struct model {
	struct run *run;
	char epochs[EPOCHS_MOST][32]; /* what ids begin with, in their order */
	unsigned epoch_count;
	struct known *known; /* in the order of their ids */
	size_t count, cap;
};

/* ---- lines ---- */

static void
copy_string(const struct chat_msg *msg, enum chat_slot slot, char *to, size_t size)
{
	size_t len =
		chat_msg_has(msg, slot) ? chat_json_unescape(&msg->value[slot], to, size - 1) : 0;

	to[len < size ? len : 0] = '\0';
}

static bool
read_message(struct chat_span line, struct known *message)
{
	static char content[TEXT_MOST * 8], channel[64];
	struct chat_msg msg;

	if (chat_msg_read(&msg, line, CHAT_FROM_SERVER, NULL) < 0 || msg.type != CHAT_TYPE_MESSAGE)
		return false;
	*message = (struct known){0};
	copy_string(&msg, CHAT_SLOT_ID, message->id, sizeof(message->id));
	copy_string(&msg, CHAT_SLOT_SENDER_ID, message->author, sizeof(message->author));
	copy_string(&msg, CHAT_SLOT_CONTENT, content, sizeof(content));
	copy_string(&msg, CHAT_SLOT_CHANNEL, channel, sizeof(channel));
	message->content = content;
	message->channel = strcmp(channel, "/") == 0 ? 0
		: strcmp(channel, "/ops") == 0       ? 1
						     : OTHERS;
	return true;
}

/* ---- the list ---- */

/* The place of an epoch, which is what an id of this length begins with; -1: it is not known. */
static int
find_epoch(const struct model *model, const char *id, size_t len)
{
	for (unsigned i = 0; i < model->epoch_count; i++)
		if (strncmp(model->epochs[i], id, len) == 0 && !model->epochs[i][len])
			return (int)i;
	return -1;
}

/* Notes the epoch of a message that follows one of the epoch `before` (-1: it is the first). */
static int
note_epoch(struct model *model, const char *id, int before)
{
	size_t len = strcspn(id, "-");
	int at = find_epoch(model, id, len);

	if (at >= 0 || model->epoch_count == EPOCHS_MOST)
		return at;
	at = before + 1;
	memmove(model->epochs + at + 1, model->epochs + at,
		(model->epoch_count++ - (unsigned)at) * sizeof(*model->epochs));
	snprintf(model->epochs[at], sizeof(*model->epochs), "%.*s", (int)len, id);
	return at;
}

/* Takes the epochs of messages in the order of a text. */
static void
take_epochs(struct model *model, const char *text, size_t len)
{
	struct chat_span rest = {text, len}, line;
	struct known message;
	int before = -1;

	while (text && run_next_line(&rest, &line))
		if (read_message(line, &message))
			before = note_epoch(model, message.id, before);
}

/* An id is the name of an epoch of the journal, a dash, and a number. The names are not in order
 * if the clock was set. */
static uint64_t
order_of(struct model *model, const char *id)
{
	size_t len = strcspn(id, "-");
	int epoch = find_epoch(model, id, len);

	if (epoch < 0 || id[len] != '-')
		run_fail(model->run, "nobody gave the id %s", id);
	return (uint64_t)(epoch < 0 ? 0 : epoch) << 40 |
		(id[len] ? strtoull(id + len + 1, NULL, 16) : 0);
}

/* The place of a message in the list, or where it would be. */
static size_t
find(const struct model *model, uint64_t order)
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

/* Adds a message, or finds that it is known with another content. */
static struct known *
add(struct model *model, const struct known *message)
{
	uint64_t order = order_of(model, message->id);
	size_t at = find(model, order);
	struct known *known;

	if (at < model->count && model->known[at].order == order) {
		known = &model->known[at];
		if (strcmp(known->content, message->content) != 0)
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

static void
take_server(struct model *model)
{
	struct chat_span rest, line;
	struct known message;
	const char *start = disk_bytes("/server-0-0", &rest.len);
	uint64_t before[CHANNELS + 1] = {0};

	rest.at = start;
	while (start && run_next_line(&rest, &line)) {
		struct known *known;

		if (!read_message(line, &message))
			continue;
		known = add(model, &message);
		if (known->channel != OTHERS && known->order <= before[known->channel])
			run_fail(model->run, "the server printed %s late", message.id);
		before[known->channel] = known->order;
		known->printed = true;
		known->optional = is_lost_by(model->run, (size_t)(line.at - start));
	}
}

/* ---- what readers heard ---- */

struct heard {
	const char *who;
	unsigned number;
	bool repeats; /* it may print a message again, after it was killed */
	bool from_first; /* it has asked for everything */
	bool to_last; /* it was there to the end */
	struct chat_span said; /* its diagnostics */
	char last_id[ID_MOST]; /* of what it heard */
};

/* A file of the journal that cannot be opened cannot be read to a listener, who is told so. */
static bool
was_told(const struct model *model, const struct heard *heard)
{
	const char *id = heard->last_id;
	char at_end[ID_MOST + 64], between[ID_MOST + 64];

	if (!*id) /* who wants everything gets what there is */
		return model->run->plan->faults.open_error;
	snprintf(at_end, sizeof(at_end), "may be missing after %s\n", id);
	snprintf(between, sizeof(between), "may be missing after %s and", id);
	return model->run->plan->faults.open_error && heard->said.at &&
		(memmem(heard->said.at, heard->said.len, at_end, strlen(at_end)) ||
			memmem(heard->said.at, heard->said.len, between, strlen(between)));
}

/* Checks that no message that the server had is missing between two that were heard. */
static void
check_between(
	struct model *model, const struct heard *heard, size_t from, size_t to, unsigned channel)
{
	bool told = was_told(model, heard);

	for (size_t i = from; i < to && !told; i++) {
		const struct known *known = &model->known[i];

		if (known->channel == channel && known->printed && !known->optional)
			run_fail(model->run, "%s %u misses %s \"%.40s\"", heard->who, heard->number,
				known->id, known->content);
	}
}

static void
check_heard(
	struct model *model, struct heard *heard, const char *text, size_t len, unsigned channel)
{
	struct chat_span rest = {text, len}, line;
	size_t next = 0; /* the place after the last one that was heard */
	bool any = heard->from_first;

	while (text && run_next_line(&rest, &line)) {
		struct known message;
		size_t at;

		if (!read_message(line, &message))
			continue;
		if (message.channel != channel)
			run_fail(model->run, "%s %u heard %s of another channel", heard->who,
				heard->number, message.id);
		at = (size_t)(add(model, &message) - model->known);
		if (at < next && !heard->repeats)
			run_fail(model->run, "%s %u heard %s again or late", heard->who,
				heard->number, message.id);
		if (any && at > next)
			check_between(model, heard, next, at, channel);
		if (at >= next || !heard->repeats) {
			next = at + 1;
			snprintf(heard->last_id, sizeof(heard->last_id), "%s", message.id);
		}
		any = true;
	}
	if (any && heard->to_last)
		check_between(model, heard, next, model->count, channel);
}

static bool
was_killed(const struct actor *actor)
{
	for (unsigned i = 0; i < actor->count; i++)
		if (process_status(actor->started[i].process) == 128 + SIGKILL)
			return true;
	return false;
}

static void
check_listener(struct model *model, unsigned number)
{
	struct run *run = model->run;
	const struct listener_plan *plan = &run->plan->listener[number];
	struct actor *actor = &run->listener[number];
	struct heard heard = {.who = "listener",
		.number = number,
		.repeats = was_killed(actor),
		.from_first = true,
		.to_last = true};
	char path[64];
	const char *text;
	size_t len;

	if (plan->absent)
		return;
	run_path(path, sizeof(path), "listener-errors", number, 0);
	heard.said.at = disk_bytes(path, &heard.said.len);
	if (plan->to_pipe || plan->has_cursor) {
		heard.repeats = heard.repeats || !plan->has_cursor;
		run_path(path, sizeof(path), "heard", number, 0);
		text = run_output(run, actor, path, &len);
		check_heard(model, &heard, text, len, plan->channel);
		return;
	}
	for (unsigned i = 0; i < actor->count; i++) {
		heard.to_last = i + 1 == actor->count;
		*heard.last_id = '\0';
		run_path(path, sizeof(path), "heard", number, i);
		text = disk_bytes(path, &len);
		check_heard(model, &heard, text, len, plan->channel);
	}
}

static unsigned
count_of(struct chat_span line, const char *words)
{
	unsigned count = 0;
	const char *at;

	while ((at = memmem(line.at, line.len, words, strlen(words)))) {
		line.len -= (size_t)(at + 1 - line.at);
		line.at = at + 1;
		count++;
	}
	return count;
}

/* The list of who is there has every listener of the channel once, and nobody who has left. */
static void
check_presence(struct model *model, struct chat_span line, unsigned channel)
{
	const struct plan *plan = model->run->plan;
	char words[64];

	if (walls_have(&plan->walls, WALL_CROWD))
		return; /* the list may be cut */
	for (unsigned i = 0; i < LISTENERS_MOST; i++) {
		bool is_there = i < plan->listeners && !plan->listener[i].absent &&
			plan->listener[i].channel == channel;

		snprintf(words, sizeof(words), "\"username\":\"listener%u\",\"online\":true", i);
		if (count_of(line, words) != is_there)
			run_fail(model->run, "listener %u is listed %u times in channel %u", i,
				count_of(line, words), channel);
	}
	if (count_of(line, "\"username\":\"speaker"))
		run_fail(model->run, "a speaker is listed who has left channel %u", channel);
}

/* Messages that a wall removes may be gone: segments that no history needs, or, of a journal that
 * is much too large, any. The last ones are needed. */
static void
excuse_removed(struct model *model, unsigned channel)
{
	const struct walls *walls = &model->run->plan->walls;
	bool later = walls_have(walls, WALL_JOURNAL_MAX_BYTES);

	if (!walls_remove(walls))
		return;
	for (size_t i = model->count; i-- > 0;) {
		struct known *known = &model->known[i];

		if (known->channel != channel)
			continue;
		later = later || known->kept;
		if (later && !known->kept)
			known->optional = true;
	}
}

static void
check_final(struct model *model, unsigned channel)
{
	struct heard heard = {.who = "the last reader of channel",
		.number = channel,
		.from_first = true,
		.to_last = true};
	struct chat_span rest, line;
	struct known message;
	const char *text;
	char path[64];
	size_t len;

	run_path(path, sizeof(path), "all", channel, 0);
	text = disk_bytes(path, &len);
	rest = (struct chat_span){text, len};
	while (text && run_next_line(&rest, &line))
		if (read_message(line, &message))
			add(model, &message)->kept = true;
		else if (count_of(line, "\"type\":\"userData\""))
			check_presence(model, line, channel);
	excuse_removed(model, channel);
	check_heard(model, &heard, text, len, channel);
}

/* ---- receipts ---- */

static struct known *
find_content(struct model *model, const char *content)
{
	for (size_t i = 0; i < model->count; i++)
		if (strcmp(model->known[i].content, content) == 0)
			return &model->known[i];
	return NULL;
}

static void
check_accepted(struct model *model, const struct known *receipt, const char *text)
{
	bool may_be_gone = walls_remove(&model->run->plan->walls);
	size_t at;

	if (may_be_gone && find_epoch(model, receipt->id, strcspn(receipt->id, "-")) < 0)
		return; /* nothing is left of that time */
	at = find(model, order_of(model, receipt->id));
	if (strcmp(receipt->content, text) != 0)
		run_fail(model->run, "the receipt of \"%.40s\" has \"%.40s\"", text,
			receipt->content);
	else if (at < model->count && strcmp(model->known[at].id, receipt->id) == 0)
		model->known[at].acknowledged = true;
	else if (!may_be_gone)
		run_fail(model->run, "%s \"%.40s\" was acknowledged, and nobody has it",
			receipt->id, text);
}

/* A message that was refused because a sync failed is cut off again. If no sync of that succeeds
 * before the power is lost, it may be there. */
static bool
may_come_back(const struct plan *plan)
{
	return plan_has(plan, ACTION_LOSE_POWER) && plan->faults.sync_error;
}

static void
check_receipts(struct model *model, unsigned number, unsigned i)
{
	struct run *run = model->run;
	const struct started *started = &run->speaker[number].started[i];
	struct chat_span rest, line;
	char path[64], text[TEXT_MOST + 1];
	unsigned count = 0;
	bool refused = false;

	run_path(path, sizeof(path), "receipts", number, i);
	rest.at = disk_bytes(path, &rest.len);
	for (; rest.at && run_next_line(&rest, &line); count++) {
		struct known receipt, *known;

		run_text(run, text, number, started->first + count);
		if (read_message(line, &receipt)) {
			check_accepted(model, &receipt, text);
			continue;
		}
		refused = true;
		known = find_content(model, text);
		if (known && !known->optional && !may_come_back(run->plan) &&
			memmem(line.at, line.len, "\"type\":\"error\"", 14))
			run_fail(run, "\"%.40s\" was refused, and is there as %s", text, known->id);
	}
	if (count > started->lines)
		run_fail(run, "speaker %u printed %u receipts for %u lines", number, count,
			started->lines);
	if (started->killed)
		return;
	if (count != started->lines && process_status(started->process) == 0)
		run_fail(run, "speaker %u printed %u receipts for %u lines", number, count,
			started->lines);
	if ((process_status(started->process) == 0) == refused)
		run_fail(run, "speaker %u ended with %d, and %s", number,
			process_status(started->process),
			refused ? "not everything was accepted" : "everything was accepted");
}

/* ---- the whole ---- */

static int
compare_content(const void *a, const void *b)
{
	const struct known *const *left = a, *const *right = b;

	return strcmp((*left)->content, (*right)->content);
}

/* No text is there twice, unless the first one was lost. */
static void
check_once(struct model *model)
{
	const struct known **sorted = calloc(model->count + 1, sizeof(const struct known *));

	if (!sorted)
		abort();
	for (size_t i = 0; i < model->count; i++)
		sorted[i] = &model->known[i];
	qsort(sorted, model->count, sizeof(*sorted), compare_content);
	for (size_t i = 1; i < model->count; i++)
		if (strcmp(sorted[i - 1]->content, sorted[i]->content) == 0 &&
			sorted[i]->content[0] == 's' && !sorted[i - 1]->optional &&
			!sorted[i]->optional)
			run_fail(model->run, "\"%.40s\" is there twice: %s and %s",
				sorted[i]->content, sorted[i - 1]->id, sorted[i]->id);
	free(sorted);
}

static void
check_kept(struct model *model)
{
	for (unsigned i = 0; i < CHANNELS; i++)
		excuse_removed(model, i); /* also what the server had no time to print */
	for (size_t i = 0; i < model->count; i++) {
		const struct known *known = &model->known[i];

		if (known->acknowledged && !known->optional && !known->kept)
			run_fail(model->run, "%s \"%.40s\" was acknowledged, and is gone",
				known->id, known->content);
	}
}

/* In the order of what the server printed, and of what was kept. */
static void
take_all_epochs(struct model *model)
{
	const char *text;
	char path[64];
	size_t len;

	text = disk_bytes("/server-0-0", &len);
	take_epochs(model, text, len);
	for (unsigned i = 0; i < CHANNELS; i++) {
		run_path(path, sizeof(path), "all", i, 0);
		text = disk_bytes(path, &len);
		take_epochs(model, text, len);
	}
}

void
model_check(struct run *run)
{
	struct model model = {.run = run};

	take_all_epochs(&model);
	take_server(&model);
	for (unsigned i = 0; i < CHANNELS; i++)
		check_final(&model, i);
	for (unsigned i = 0; i < run->plan->listeners; i++)
		check_listener(&model, i);
	for (unsigned i = 0; i < run->plan->speakers; i++)
		for (unsigned j = 0; j < run->speaker[i].count; j++)
			check_receipts(&model, i, j);
	world_tally()->messages += model.count;
	check_once(&model);
	causes_check(run);
	check_kept(&model);
	for (size_t i = 0; i < model.count; i++)
		free(model.known[i].content);
	free(model.known);
}
