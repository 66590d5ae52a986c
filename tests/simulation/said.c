/* The list of what was said in a run, by the ids of the messages. */
#include "simulation/said.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/lines.h"

#define CONTENT_MOST 8192

bool
said_read(struct chat_span line, struct said *said)
{
	static char content[CONTENT_MOST];
	struct chat_msg msg;

	if (chat_msg_read(&msg, line, CHAT_FROM_SERVER, NULL) < 0 || msg.type != CHAT_TYPE_MESSAGE)
		return false;
	*said = (struct said){.content = content};
	line_string(&msg, CHAT_SLOT_ID, said->id, sizeof(said->id));
	line_string(&msg,
		chat_msg_has(&msg, CHAT_SLOT_SENDER_ID) ? CHAT_SLOT_SENDER_ID : CHAT_SLOT_SENDER,
		said->author, sizeof(said->author));
	line_string(&msg, CHAT_SLOT_REPLY_TO, said->reply_to, sizeof(said->reply_to));
	line_string(&msg, CHAT_SLOT_CHANNEL, said->channel, sizeof(said->channel));
	line_string(&msg, CHAT_SLOT_CONTENT, content, sizeof(content));
	return true;
}

/* ---- the list ---- */

static int
compare_id(const void *a, const void *b)
{
	const struct said *left = a, *right = b;

	return strcmp(left->id, right->id);
}

struct said *
said_find(const struct list *list, const char *id)
{
	struct said key;

	snprintf(key.id, sizeof(key.id), "%s", id);
	return list->count ? bsearch(&key, list->said, list->count, sizeof(*list->said), compare_id)
			   : NULL;
}

static void
add(struct list *list, const struct said *said)
{
	if (list->count == list->cap) {
		list->cap = list->cap ? 2 * list->cap : 256;
		list->said = realloc(list->said, list->cap * sizeof(*list->said));
		if (!list->said)
			abort();
	}
	list->said[list->count] = *said;
	list->said[list->count++].content = strdup(said->content);
}

/* Takes what was there at the end. A server that was killed may not have printed all of it. */
static void
take_kept(struct list *list, struct list *more, unsigned channel)
{
	struct chat_span rest, line;
	struct said said, *known;
	char path[64];

	run_path(path, sizeof(path), "all", channel, 0);
	rest.at = disk_bytes(path, &rest.len);
	while (rest.at && line_next(&rest, &line)) {
		if (!said_read(line, &said))
			continue;
		known = said_find(list, said.id);
		if (known)
			known->kept = true;
		said.kept = true;
		if (!known)
			add(more, &said);
	}
}

void
said_take_all(struct list *list)
{
	struct list more = {0};
	struct chat_span rest, line;
	struct said said;

	rest.at = disk_bytes("/server-0-0", &rest.len);
	while (rest.at && line_next(&rest, &line))
		if (said_read(line, &said)) {
			said.place = list->count + 1;
			add(list, &said);
		}
	qsort(list->said, list->count, sizeof(*list->said), compare_id);
	for (unsigned i = 0; i < CHANNELS; i++)
		take_kept(list, &more, i);
	for (size_t i = 0; i < more.count; i++) {
		add(list, &more.said[i]);
		free(more.said[i].content);
	}
	free(more.said);
	qsort(list->said, list->count, sizeof(*list->said), compare_id);
}

void
said_free(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->said[i].content);
	free(list->said);
}
