/* The servers of a cluster: all of them have the same messages, and know the same users. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "simulation/lines.h"
#include "simulation/model_private.h"

/* The messages that a process of a server has printed in one channel. */
struct printed {
	unsigned node;
	bool any;
	size_t next; /* the place in the list after the last one */
};

/* Checks that a server has printed everything between two messages: it may be behind, but it must
 * leave nothing out. */
static void
check_between(struct model *model, const struct printed *printed, unsigned channel, size_t to)
{
	for (size_t i = printed->next; printed->any && i < to; i++) {
		const struct known *known = &model->known[i];

		if (known->channel == channel && known->printed && !known->optional)
			run_fail(model->run, "server %u leaves out %s \"%.40s\"", printed->node,
				known->id, known->content);
	}
}

/* A server that has told a message that was lost must tell nothing that comes after it. `lost` is
 * the latest one that it has told. */
static void
check_lost(struct model *model, unsigned node, const struct known *message, uint64_t *lost)
{
	uint64_t order = model_order(model, message->id);

	if (!model_is_lost(model, order)) {
		if (*lost && order > *lost)
			run_fail(model->run, "server %u goes on with %s after a loss", node,
				message->id);
	} else if (*lost < order && model_was_lost(model, message, order)) {
		*lost = order;
	}
}

/* is_last: the process was there at the end. */
static void
check_process(struct model *model, unsigned node, unsigned started, bool is_last)
{
	uint64_t lost = 0;
	struct printed printed[CHANNELS] = {{.node = node}, {.node = node}};
	struct chat_span rest, line;
	struct known message;
	char path[64];

	run_server_path(model->run, path, sizeof(path), node, started);
	rest.at = disk_bytes(path, &rest.len);
	while (rest.at && line_next(&rest, &line)) {
		struct printed *here;
		size_t at;

		if (!model_read(line, &message) || message.channel == OTHERS)
			continue;
		check_lost(model, node, &message, &lost);
		here = &printed[message.channel];
		at = (size_t)(model_add(model, &message) - model->known);
		check_between(model, here, message.channel, at);
		here->any = true;
		here->next = at + 1;
	}
	for (unsigned channel = 0; is_last && channel < CHANNELS; channel++)
		check_between(model, &printed[channel], channel, model->count);
}

/* Checks one segment of a journal: each message is one that all servers have, in their order. */
static void
check_segment(struct model *model, unsigned node, const char *path)
{
	struct chat_span rest, line;
	struct known message;
	uint64_t before = 0;

	rest.at = disk_bytes(path, &rest.len);
	while (rest.at && line_next(&rest, &line)) {
		const struct known *known;

		if (!model_read(line, &message))
			continue;
		known = model_add(model, &message);
		if (model_is_lost(model, known->order)) {
			if (model_was_lost(model, &message, known->order))
				run_fail(model->run,
					"the journal of server %u has %s, which is lost", node,
					message.id);
			continue;
		}
		if (known->line != message.line)
			run_fail(model->run, "%s has other bytes in the journal of server %u",
				message.id, node);
		if (!known->printed && !model_is_removed(model, known->order))
			run_fail(model->run, "only the journal of server %u has %s \"%.40s\"", node,
				message.id, message.content);
		if (known->order <= before)
			run_fail(model->run, "the journal of server %u has %s late", node,
				message.id);
		before = known->order;
	}
}

static void
check_journal(struct model *model, unsigned node)
{
	struct file *dir;
	const char *name;
	char path[128];

	if (disk_open(run_journal(node), O_RDONLY, &dir) < 0)
		return;
	for (size_t i = 0; (name = disk_name(dir, i)); i++) {
		snprintf(path, sizeof(path), "%s/%s", run_journal(node), name);
		if (strstr(name, ".ndjson"))
			check_segment(model, node, path);
	}
	file_unref(dir);
}

/* The id of the rival who is present, as a server says it at the end; "": none is. */
static void
find_rival(unsigned node, char *id, size_t size)
{
	static const char head[] = "\"id\":\"r", name[] = "\"username\":\"rival\"";
	struct chat_span text;
	char path[64];
	const char *at;

	run_final_path(path, sizeof(path), node, 0);
	text.at = disk_bytes(path, &text.len);
	at = text.at ? memmem(text.at, text.len, name, sizeof(name) - 1) : NULL;
	snprintf(id, size, "%s", "");
	while (at && at > text.at && *at != '{')
		at--;
	if (!at)
		return;
	at = memmem(at, (size_t)(text.at + text.len - at), head, sizeof(head) - 1);
	if (at)
		snprintf(id, size, "%.2s", at + sizeof(head) - 2);
}

/* All servers must name the same rival, who is the only one. */
static void
check_rivals(struct model *model)
{
	char first[8], id[8];

	find_rival(0, first, sizeof(first));
	for (unsigned node = 1; node < NODES; node++) {
		find_rival(node, id, sizeof(id));
		if (strcmp(id, first) != 0)
			run_fail(model->run,
				"server 0 says that the rival is \"%s\", server %u \"%s\"", first,
				node, id);
	}
	if (!*first)
		run_fail(model->run, "no rival is there at the end");
}

/* A server that comes when the first of two messages with one nonce is removed takes the second one
 * for a message. */
static void
excuse_duplicates(struct model *model)
{
	for (size_t i = 0; i < model->count; i++)
		if (model->known[i].content[0] != 's') /* an adversary uses its nonces for others */
			model->known[i].optional = true;
	for (size_t i = 0; i < model->count && model->known[i].optional; i++)
		for (size_t j = i + 1; j < model->count; j++) {
			const struct known *removed = &model->known[i];
			struct known *known = &model->known[j];

			if (strcmp(known->content, removed->content) == 0 &&
				strcmp(known->author, removed->author) == 0)
				known->optional = true;
		}
}

void
model_check_nodes(struct model *model)
{
	const struct run *run = model->run;

	if (plan_forgets_entries(run->plan))
		excuse_duplicates(model);

	for (unsigned node = 0; node < NODES; node++) {
		for (unsigned i = 0; i < run->server[node].count; i++)
			check_process(model, node, i, i + 1 == run->server[node].count);
		check_journal(model, node);
	}
	if (run->plan->has_rivals)
		check_rivals(model);
}
