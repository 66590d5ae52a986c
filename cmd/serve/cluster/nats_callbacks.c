/* Called on the threads of libnats: entries, answers, and the state of the connection. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/cluster/nats_private.h"
#include "serve/util/json_find.h"
#include "text/clock.h"
#include "text/span.h"

/* ---- entries ---- */

/* Returns the batch that this process has published as this entry; 0: it has not. */
static uint64_t
own_batch(const struct shared_log *log, natsMsg *msg)
{
	const char *id = NULL;

	if (natsMsgHeader_Get(msg, "Nats-Msg-Id", &id) != NATS_OK || !id ||
		strncmp(id, log->instance, INSTANCE_LEN) != 0 || id[INSTANCE_LEN] != '-')
		return 0;
	return strtoull(id + INSTANCE_LEN + 1, NULL, 16);
}

/*
 * Locks `handing` when nothing is in doubt. Returns false, with nothing locked, if the log is
 * closed, or if another subscription is the one that counts.
 */
static bool
begin_handing(struct shared_log *log, const natsSubscription *sub)
{
	bool stop, is_current;

	for (;;) {
		uv_mutex_lock(&log->handing);
		uv_mutex_lock(&log->mutex);
		stop = log->stop;
		is_current = !stop && !log->in_doubt && sub == log->entries;
		stop = stop || (!log->in_doubt && !is_current);
		if (!is_current)
			uv_mutex_unlock(&log->handing);
		if (!is_current && !stop)
			uv_cond_wait(&log->changed, &log->mutex);
		uv_mutex_unlock(&log->mutex);
		if (is_current || stop)
			return is_current;
	}
}

/*
 * Returns true if this is the entry that JetStream has sent to the subscription after the last one.
 * If others are missing before it, the worker subscribes anew.
 */
static bool
is_next(struct shared_log *log, const jsMsgMetaData *meta)
{
	bool next;

	uv_mutex_lock(&log->mutex);
	next = meta->Sequence.Consumer == log->delivered + 1;
	if (next) {
		log->delivered++;
	} else {
		log->in_doubt = log->look_now = true;
		log->cuts++;
		uv_cond_broadcast(&log->changed);
	}
	uv_mutex_unlock(&log->mutex);
	return next;
}

/* Notes that an entry has come. Returns false if it came before. */
static bool
is_new(struct shared_log *log, const jsMsgMetaData *meta, bool *caught_up)
{
	uint64_t number = meta->Sequence.Stream;
	bool is_past;

	uv_mutex_lock(&log->mutex);
	log->active_ms = chat_now_ms();
	/* Entries before `after` are given to the loop too if it has asked for their time. */
	is_past = number <= log->after && !log->time_ms;
	if (log->after < number) {
		log->after = number;
		log->time_ms = 0;
	}
	if (!is_past)
		log->last = number;
	*caught_up = !log->caught_up && log->after >= log->target;
	log->caught_up |= *caught_up;
	uv_mutex_unlock(&log->mutex);
	return !is_past;
}

/* Makes the note of an entry. The message is the note's. */
static struct note *
entry_note(const struct shared_log *log, natsMsg *msg, const jsMsgMetaData *meta)
{
	struct note *note = nats_note(NOTE_ENTRY);

	note->msg = msg;
	note->entry = (struct shared_log_entry){
		.number = meta->Sequence.Stream,
		.time_ms = meta->Timestamp / 1000000,
		.batch = own_batch(log, msg),
		.text = {natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg)},
	};
	note->letter.bytes += note->entry.text.len;
	return note;
}

/*
 * Hands an entry of this subscription to the loop if it has not had it. The message is handed on,
 * or freed.
 */
static void
hand_over(struct shared_log *log, const natsSubscription *sub, natsMsg *msg,
	const jsMsgMetaData *meta)
{
	bool caught_up = false;

	if (!begin_handing(log, sub)) {
		natsMsg_Destroy(msg);
		return;
	}
	if (is_next(log, meta) && is_new(log, meta, &caught_up))
		nats_post(log, entry_note(log, msg, meta));
	else
		natsMsg_Destroy(msg);
	if (caught_up)
		nats_post(log, nats_note(NOTE_CAUGHT_UP));
	uv_mutex_unlock(&log->handing);
}

void
nats_on_entry(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *arg)
{
	struct shared_log *log = arg;
	jsMsgMetaData *meta = NULL;

	(void)connection;
	if (natsMsg_GetMetaData(&meta, msg) == NATS_OK)
		hand_over(log, sub, msg, meta);
	else
		natsMsg_Destroy(msg);
	jsMsgMetaData_Destroy(meta);
}

/* ---- answers ---- */

/*
 * Returns a note of the answer to a published batch: {"stream":…,"seq":…} or
 * {"error":{"code":…,"description":…}}. Errors of 500 and above are those of servers that are busy
 * or without a leader. NULL: the batch is stored, which its entry says, too.
 */
static struct note *
read_answer(struct chat_span text)
{
	struct chat_json_value error, code, description;
	struct note *note;
	int64_t number = 0;

	if (!json_find(text, CHAT_SPAN("error"), &error))
		return NULL;
	note = nats_note(NOTE_ANSWER);
	if (json_find(error.raw, CHAT_SPAN("code"), &code))
		chat_json_int64(code.raw, &number);
	note->answer = number >= 500 ? SHARED_LOG_AWAY : SHARED_LOG_REFUSED;
	if (json_find(error.raw, CHAT_SPAN("description"), &description))
		snprintf(note->err.text, sizeof(note->err.text), "%.*s", (int)description.raw.len,
			description.raw.at);
	return note;
}

void
nats_on_heard(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *arg)
{
	struct note *note = nats_note(NOTE_HEARD);

	(void)connection;
	(void)sub;
	note->msg = msg;
	note->letter.bytes += (size_t)natsMsg_GetDataLength(msg);
	nats_post(arg, note);
}

void
nats_on_answer(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *arg)
{
	struct shared_log *log = arg;
	struct chat_span text = {natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg)};
	struct note *note;

	(void)connection;
	(void)sub;
	if (natsMsg_IsNoResponders(msg)) {
		note = nats_note(NOTE_ANSWER);
		note->answer = SHARED_LOG_AWAY;
		snprintf(note->err.text, sizeof(note->err.text), "the stream has no leader");
	} else {
		note = read_answer(text);
	}
	if (note) {
		note->batch = strtoull(natsMsg_GetSubject(msg) + strlen(log->inbox), NULL, 16);
		nats_post(log, note);
	}
	natsMsg_Destroy(msg);
}

void
nats_on_complete(void *arg)
{
	struct shared_log *log = arg;

	uv_mutex_lock(&log->mutex);
	log->delivering--;
	uv_cond_broadcast(&log->changed);
	uv_mutex_unlock(&log->mutex);
}

/* ---- the connection ---- */

void
nats_on_disconnected(natsConnection *connection, void *arg)
{
	struct shared_log *log = arg;

	(void)connection;
	uv_mutex_lock(&log->mutex);
	log->in_doubt = true;
	log->cuts++;
	uv_mutex_unlock(&log->mutex);
	nats_say(log, "the connection to the nats-server is lost; trying again");
}

/* The subscription may have ended with the old connection: the worker looks at the stream now. */
void
nats_on_reconnected(natsConnection *connection, void *arg)
{
	struct shared_log *log = arg;
	char url[256] = "";

	natsConnection_GetConnectedUrl(connection, url, sizeof(url));
	nats_say(log, "connected to %s", url);
	uv_mutex_lock(&log->mutex);
	log->look_now = true;
	uv_cond_broadcast(&log->changed);
	uv_mutex_unlock(&log->mutex);
}

void
nats_on_closed(natsConnection *connection, void *arg)
{
	struct shared_log *log = arg;
	const char *why = NULL;

	natsConnection_GetLastError(connection, &why);
	uv_mutex_lock(&log->mutex);
	if (log->stop)
		why = NULL;
	uv_mutex_unlock(&log->mutex);
	if (why)
		nats_fail(log, CHAT_UNAUTHORIZED, "the nats-server has ended the connection: %s",
			why);
}
