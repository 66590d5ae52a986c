/*
 * Coming back after longer than the memory reaches. The reading ends where the room's memory began
 * when it was asked for, and the room forgets less meanwhile; what it forgets all the same is read
 * in another round.
 */
#include "serve/resume.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "serve/server.h"

#define ROUNDS_MAX 4

struct resume {
	struct guest *guest; /* NULL: it is gone */
	struct room *room; /* counts it as a reader */
	struct journal_read read;
	struct history past; /* of the rounds before */
	bool complete;
	unsigned rounds;
	struct room_join join; /* its spans are of `bytes` */
	struct chat_buf held; /* messages: length, bytes */
	char bytes[];
};

static struct chat_span
copy(char **at, struct chat_span span)
{
	struct chat_span copied = {*at, span.len};

	if (!span.at)
		return span;
	memcpy(*at, span.at, span.len);
	*at += span.len;
	return copied;
}

static void
resume_free(struct resume *resume)
{
	resume->room->readers--;
	room_forget(resume->room);
	history_free(&resume->read.found);
	history_free(&resume->past);
	chat_buf_free(&resume->held);
	free(resume);
}

/* What was read follows what was read before; after a hole that is of no use. */
static void
resume_gather(struct resume *resume)
{
	struct journal_read *read = &resume->read;

	if (!read->complete) {
		history_free(&resume->past);
		resume->complete = false;
	}
	for (uint32_t i = 0; i < read->found.count; i++)
		history_add(&resume->past, history_at(&read->found, i));
	history_free(&read->found);
	memset(&read->found, 0, sizeof(read->found));
}

/* What the memory has lost while the journal was read is read too; whether there is such. */
static bool
resume_again(struct resume *resume, const struct room *room)
{
	struct journal_read *read = &resume->read;
	uint64_t upto = room->history.forgotten;

	if (upto <= read->upto || ++resume->rounds == ROUNDS_MAX)
		return false;
	read->after = read->upto;
	read->upto = upto;
	room->rooms->journal->kind->read(room->rooms->journal, read);
	return true;
}

/* The messages that came meanwhile, as if they came now. */
static void
resume_release(struct guest *guest, struct chat_buf *held)
{
	uint32_t len;

	for (size_t at = 0; at < held->len && guest->conn.state == CONN_OPEN; at += len) {
		memcpy(&len, held->at + at, sizeof(len));
		at += sizeof(len);
		guest_hear(guest, (struct chat_span){held->at + at, len});
	}
}

static void
on_read(struct journal_read *read)
{
	struct resume *resume = read->arg;
	struct guest *guest = resume->guest;

	if (guest && guest->conn.state == CONN_OPEN) {
		resume_gather(resume);
		if (resume_again(resume, guest->lobby))
			return;
		guest->resume = NULL;
		resume->join.past = &resume->past;
		resume->join.past_upto = read->upto;
		resume->join.past_complete = resume->complete;
		guest_join(guest, &resume->join);
		resume_release(guest, &resume->held);
		conn_hold(&guest->conn, false);
	} else if (guest) {
		guest->resume = NULL;
		conn_hold(&guest->conn, false); /* its Close is awaited */
	}
	resume_free(resume);
}

bool
resume_start(struct guest *guest, const struct room_join *join)
{
	struct journal *journal = guest->server->journal;
	struct journal_read read = {0};
	struct resume *resume;
	char *at;

	if (!room_past_is_far(guest->lobby, join->since, &read))
		return false;
	resume = chat_alloc_zeroed(
		1, sizeof(*resume) + join->id.len + join->name.len + join->since.len);
	at = resume->bytes;
	resume->guest = guest;
	resume->room = guest->lobby;
	resume->room->readers++;
	resume->complete = true;
	resume->join = *join;
	resume->join.id = copy(&at, join->id);
	resume->join.name = copy(&at, join->name);
	resume->join.since = copy(&at, join->since);
	resume->read = read;
	resume->read.done = on_read;
	resume->read.arg = resume;
	guest->resume = resume;
	conn_trust(&guest->conn);
	conn_hold(&guest->conn, true);
	journal->kind->read(journal, &resume->read);
	return true;
}

void
resume_hold(struct resume *resume, struct chat_span text)
{
	uint32_t len = (uint32_t)text.len;

	chat_buf_append(&resume->held, &len, sizeof(len));
	chat_buf_append_span(&resume->held, text);
}

void
resume_abandon(struct guest *guest)
{
	if (guest->resume)
		guest->resume->guest = NULL;
	guest->resume = NULL;
}
