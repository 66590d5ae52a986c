/* Holds what listeners heard against the list. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "simulation/lines.h"
#include "simulation/model_private.h"

struct heard {
	const char *who;
	unsigned number;
	bool repeats; /* it may print a message again: it was killed, or the stream was deleted and
			 a server was late to know it */
	bool from_first; /* it has asked for everything */
	bool to_last; /* it was there to the end */
	bool joined; /* the text is that of several processes, one after the other */
	struct chat_span said; /* its diagnostics */
	char last_id[ID_MOST]; /* of what it heard */
};

/* A file of the journal that cannot be opened cannot be read to a listener, who is told so; so is
 * who has heard a message that is lost. */
static bool
was_told(const struct model *model, const struct heard *heard)
{
	const struct plan *plan = model->run->plan;
	bool may_be_told = plan->faults.open_error || plan_loses_entries(plan);
	const char *id = heard->last_id;
	char at_end[ID_MOST + 64], between[ID_MOST + 64];

	if (!*id || heard->repeats) /* who wants everything, maybe once more, gets what there is */
		return may_be_told;
	snprintf(at_end, sizeof(at_end), "may be missing after %s\n", id);
	snprintf(between, sizeof(between), "may be missing after %s and", id);
	return may_be_told && heard->said.at &&
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

/* A process that was ended may have printed a part of a line, and the next one goes on there. */
static struct chat_span
last_object(struct chat_span line)
{
	static const char head[] =
		"{\"type\":\""; /* in no string of a line: quotes are escaped there */
	struct chat_span last = line;

	while ((line.at = memmem(line.at, line.len, head, sizeof(head) - 1))) {
		line.len = (size_t)(last.at + last.len - line.at);
		last = line;
		line.at++;
		line.len--;
	}
	return last;
}

static bool
read_heard(const struct heard *heard, struct chat_span line, struct known *message)
{
	return model_read(line, message) ||
		(heard->joined && model_read(last_object(line), message));
}

static void
check_heard(
	struct model *model, struct heard *heard, const char *text, size_t len, unsigned channel)
{
	struct chat_span rest = {text, len}, line;
	size_t next = 0; /* the place after the last one that was heard */
	bool any = heard->from_first;

	while (text && line_next(&rest, &line)) {
		struct known message;
		size_t at;

		if (!read_heard(heard, line, &message))
			continue;
		if (message.channel != channel)
			run_fail(model->run, "%s %u heard %s of another channel", heard->who,
				heard->number, message.id);
		at = (size_t)(model_add(model, &message) - model->known);
		if (at < next && !heard->repeats && !model_is_lost(model, model->known[at].order))
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

void
model_check_listener(struct model *model, unsigned number)
{
	struct run *run = model->run;
	const struct listener_plan *plan = &run->plan->listener[number];
	struct actor *actor = &run->listener[number];
	struct heard heard = {.who = "listener",
		.number = number,
		.repeats = actor_was_killed(actor) || plan_has(run->plan, ACTION_DELETE),
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
		heard.joined = true;
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

void
model_excuse_removed(struct model *model, unsigned channel)
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

void
model_check_final(struct model *model, unsigned node, unsigned channel)
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

	run_final_path(path, sizeof(path), node, channel);
	text = disk_bytes(path, &len);
	rest = (struct chat_span){text, len};
	while (text && line_next(&rest, &line))
		if (model_read(line, &message))
			model_add(model, &message)->kept = true;
		else if (count_of(line, "\"type\":\"userData\""))
			check_presence(model, line, channel);
	model_excuse_removed(model, channel);
	check_heard(model, &heard, text, len, channel);
}
