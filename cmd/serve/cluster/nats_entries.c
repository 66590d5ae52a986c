/*
 * On the thread of the worker: the subscription to the entries of the stream, and the check that
 * the stream still has what it has told. nats-servers that are killed or lose power all at once may
 * lose entries, and give their numbers to others; so may one that was cut off from the others.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "serve/cluster/nats_private.h"
#include "text/clock.h"

#define AGAIN_MS 1000 /* between two looks at the stream */
#define QUIET_MS 3000 /* without an entry until the stream is looked at */
#define HEARTBEAT_MS 5000 /* from JetStream without entries: flow control needs it */
#define CONSUMER_KEPT_MS 60000 /* by JetStream, when its subscriber is gone */
#define CHECK_MS 30000 /* until the last entry is read again although all is well */
#define MISSING_MOST 5 /* a nats-server that has just started may not know the stream */
#define LOST_MOST 5 /* a leader that was just elected may not have the last entry yet */

/* One look at the stream. */
struct look {
	uint64_t last; /* the entry that was handed over last when it began; 0: none was */
	unsigned cuts; /* as in struct shared_log, until then */
};

/* ---- the subscription ---- */

void
nats_count_thread(struct shared_log *log, natsSubscription *sub)
{
	uv_mutex_lock(&log->mutex);
	log->delivering++;
	uv_mutex_unlock(&log->mutex);
	if (natsSubscription_SetOnCompleteCB(sub, nats_on_complete, log) != NATS_OK)
		nats_on_complete(log); /* the connection is closed already */
}

void
nats_unsubscribe(natsSubscription **sub)
{
	natsSubscription_Unsubscribe(*sub);
	natsSubscription_Destroy(*sub);
	*sub = NULL;
}

/*
 * Makes a consumer like those of subscriptions with `Ordered`, but libnats does not begin it anew
 * by itself: libnats 3.4 uses freed memory if the subscription is ended here meanwhile.
 */
static void
set_consumer(jsConsumerConfig *consumer)
{
	consumer->AckPolicy = js_AckNone;
	consumer->MaxDeliver = 1;
	consumer->FlowControl = true;
	consumer->Heartbeat = HEARTBEAT_MS * NS_PER_MS;
	consumer->InactiveThreshold = CONSUMER_KEPT_MS * NS_PER_MS;
	consumer->MemoryStorage = true;
	consumer->Replicas = 1;
}

/* Subscribes to the entries after those that the loop was given. */
static natsStatus
subscribe(struct shared_log *log)
{
	jsSubOptions options;
	jsErrCode code;
	natsStatus status;

	jsSubOptions_Init(&options);
	options.Stream = log->stream;
	set_consumer(&options.Config);
	uv_mutex_lock(&log->mutex);
	log->delivered = 0;
	if (log->time_ms) {
		options.Config.DeliverPolicy = js_DeliverByStartTime;
		options.Config.OptStartTime = log->time_ms * NS_PER_MS;
	} else {
		options.Config.DeliverPolicy = js_DeliverByStartSequence;
		options.Config.OptStartSeq = log->after + 1;
	}
	uv_mutex_unlock(&log->mutex);
	status = js_Subscribe(
		&log->entries, log->js, log->subjects, nats_on_entry, log, NULL, &options, &code);
	if (status == NATS_OK) {
		nats_count_thread(log, log->entries);
		natsSubscription_SetPendingLimits(log->entries, -1, -1);
	}
	return status;
}

/* Says something once, until all is well again. */
static void
say_once(struct shared_log *log, const char *what, natsStatus status)
{
	if (!log->said_waiting)
		nats_say(log, "%s: %s; trying again", what, nats_why(status));
	log->said_waiting = true;
}

/*
 * Ends a subscription that is not to be believed, because the connection has ended since, or that
 * does not bring all entries that the stream has. Returns true if there is a subscription then.
 */
static bool
subscribe_if_missing(struct shared_log *log, const struct look *look, const jsStreamState *state)
{
	/* A stream that has no entry any more has the number of the last one nevertheless. */
	uint64_t last = state->Msgs ? state->LastSeq : 0;
	natsStatus status = NATS_OK;
	bool missing, ends;

	uv_mutex_lock(&log->mutex);
	missing = log->after < last && chat_now_ms() - log->active_ms >= QUIET_MS;
	ends = log->entries && (look->cuts != log->cuts_known || missing);
	log->target = last;
	uv_mutex_unlock(&log->mutex);
	if (ends)
		nats_unsubscribe(&log->entries);
	if (!log->entries)
		status = subscribe(log);
	if (status != NATS_OK)
		say_once(log, "the stream cannot be read", status);
	return status == NATS_OK;
}

/* ---- doubt ---- */

/* From now on no entry is handed over. */
static struct look
begin_doubt(struct shared_log *log)
{
	struct look look;

	uv_mutex_lock(&log->handing);
	uv_mutex_lock(&log->mutex);
	log->in_doubt = true;
	look = (struct look){.last = log->last, .cuts = log->cuts};
	uv_mutex_unlock(&log->mutex);
	uv_mutex_unlock(&log->handing);
	return look;
}

/*
 * Lets entries be handed over, unless the connection has ended meanwhile. If the loop has all that
 * there were, tells it that it has caught up.
 */
static void
end_doubt(struct shared_log *log, const struct look *look)
{
	bool caught_up;

	uv_mutex_lock(&log->handing);
	uv_mutex_lock(&log->mutex);
	log->cuts_known = look->cuts;
	log->in_doubt = log->cuts != look->cuts;
	log->active_ms = chat_now_ms();
	caught_up = !log->in_doubt && !log->caught_up && log->after >= log->target;
	log->caught_up |= caught_up;
	uv_cond_broadcast(&log->changed);
	uv_mutex_unlock(&log->mutex);
	if (caught_up)
		nats_post(log, nats_note(NOTE_CAUGHT_UP));
	uv_mutex_unlock(&log->handing);
}

void
nats_end_entries(struct shared_log *log)
{
	begin_doubt(log);
	if (log->entries)
		nats_unsubscribe(&log->entries);
}

/* ---- the last entry ---- */

/* Passes the entry with this number, as it is now, to the loop. msg is the note's; NULL: it is
 * lost. */
static void
note_again(struct shared_log *log, uint64_t number, natsMsg *msg)
{
	struct note *note = nats_note(NOTE_AGAIN);

	note->msg = msg;
	note->entry.number = number;
	if (msg) {
		note->entry.time_ms = natsMsg_GetTime(msg) / NS_PER_MS;
		note->entry.text = (struct chat_span){
			natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg)};
		if (!note->entry.text.at)
			note->entry.text.at = ""; /* an entry without text is one, too */
		note->letter.bytes += note->entry.text.len;
	}
	nats_post(log, note);
}

/* Returns true if the entry is lost for certain: a leader may not know all entries at first. */
static bool
is_lost(struct shared_log *log)
{
	return ++log->times_lost > LOST_MOST;
}

/*
 * Reads the last entry again, and passes it to the loop. Returns false if it is not known yet what
 * has become of it.
 */
static bool
check_last(struct shared_log *log, uint64_t last, const jsStreamState *state)
{
	natsStatus status = NATS_NOT_FOUND;
	natsMsg *msg = NULL;
	jsErrCode code;

	if (last <= state->LastSeq)
		status = !last || last < state->FirstSeq
			? NATS_OK /* there is none, or the limits of the stream removed it */
			: js_GetMsg(&msg, log->js, log->stream, last, NULL, &code);
	if (status == NATS_NOT_FOUND && !is_lost(log))
		return false;
	if (status != NATS_OK && status != NATS_NOT_FOUND) {
		say_once(log, "an entry of the stream cannot be read again", status);
		return false;
	}
	log->times_lost = 0;
	log->checked = last;
	log->checked_ms = chat_now_ms();
	if (msg || status == NATS_NOT_FOUND)
		note_again(log, last, msg);
	return true;
}

/* Returns true if the last entry is to be read again. */
static bool
is_check_due(struct shared_log *log, const struct look *look, const jsStreamInfo *info)
{
	const char *leader = info->Cluster && info->Cluster->Leader ? info->Cluster->Leader : "";
	bool due = look->last != log->checked || look->cuts != log->cuts_known ||
		log->look_failed || strcmp(leader, log->leader) != 0 ||
		chat_now_ms() - log->checked_ms >= CHECK_MS;

	snprintf(log->leader, sizeof(log->leader), "%s", leader);
	return due;
}

/* ---- looking at the stream ---- */

/*
 * Returns true if the stream is gone, or if another one has its name. A nats-server that does not
 * know it may have just started.
 */
static bool
is_gone(struct shared_log *log, natsStatus status, const jsStreamInfo *info)
{
	log->times_missing = status == NATS_NOT_FOUND ? log->times_missing + 1 : 0;
	return log->times_missing > MISSING_MOST ||
		(status == NATS_OK && nats_made_ms(info->Config) != log->made_ms);
}

bool
nats_is_look_due(struct shared_log *log)
{
	int64_t now_ms = chat_now_ms();
	bool due;

	uv_mutex_lock(&log->mutex);
	due = log->look_now ||
		(now_ms >= log->next_look_ms &&
			(log->in_doubt || now_ms - log->active_ms >= QUIET_MS ||
				now_ms - log->checked_ms >= CHECK_MS));
	log->look_now = false;
	uv_mutex_unlock(&log->mutex);
	return due;
}

bool
nats_look(struct shared_log *log)
{
	struct look look = begin_doubt(log);
	jsStreamInfo *info = NULL;
	jsErrCode code;
	natsStatus status = js_GetStreamInfo(&info, log->js, log->stream, NULL, &code);
	bool gone = is_gone(log, status, info);
	bool well = !gone && status == NATS_OK &&
		(!is_check_due(log, &look, info) || check_last(log, look.last, &info->State)) &&
		subscribe_if_missing(log, &look, &info->State);

	if (gone)
		nats_fail(log, CHAT_IO_ERROR, "the stream %s was deleted", log->stream);
	log->look_failed = !well;
	if (well) {
		log->said_waiting = false;
		end_doubt(log, &look);
	}
	log->next_look_ms = chat_now_ms() + AGAIN_MS;
	jsStreamInfo_Destroy(info);
	return !gone;
}
