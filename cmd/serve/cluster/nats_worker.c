/*
 * The thread that does what may wait for the nats-servers: it connects, finds or makes the stream,
 * publishes batches, and looks after the subscription (nats_entries.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "serve/cluster/nats_private.h"
#include "text/clock.h"

#define AGAIN_MS 1000 /* between two attempts to connect, or to find the stream */
#define ANSWER_MS 2000 /* for an answer of JetStream */
#define DUPLICATES_MS 60000 /* the least window in which the stream knows a batch again */

/* The stream's description. Its number is the epoch of all ids, which must be the same everywhere.
 */
#define DESCRIPTION "chat-serve "

/* ---- waiting ---- */

bool
nats_pause(struct shared_log *log, int64_t ms)
{
	bool stop;

	uv_mutex_lock(&log->mutex);
	if (!log->stop && !log->orders)
		uv_cond_timedwait(&log->changed, &log->mutex, (uint64_t)(ms * NS_PER_MS));
	stop = log->stop;
	uv_mutex_unlock(&log->mutex);
	return !stop;
}

const char *
nats_why(natsStatus status)
{
	const char *text = nats_GetLastError(NULL);

	return text && *text ? text : natsStatus_GetText(status);
}

/*
 * Says once that something is waited for, and waits. Returns false if the thread is to end, or if
 * it has waited for options.wait_ms since start_ms.
 */
static bool
wait_again(struct shared_log *log, int64_t start_ms, const char *what, natsStatus status)
{
	int64_t wait_ms = log->options->wait_ms;

	if (wait_ms && chat_now_ms() - start_ms >= wait_ms) {
		nats_fail(log, CHAT_TRY_LATER, "%s: %s", what, nats_why(status));
		return false;
	}
	if (!log->said_waiting)
		nats_say(log, "%s: %s; trying again", what, nats_why(status));
	log->said_waiting = true;
	return nats_pause(log, AGAIN_MS);
}

/* ---- connecting ---- */

/* Fails only for want of memory, or if the library does not take the options. */
static bool
open_jetstream(struct shared_log *log)
{
	natsStatus status = natsConnection_JetStream(
		&log->js, log->connection, &(jsOptions){.Wait = ANSWER_MS});

	if (status != NATS_OK)
		nats_fail(log, CHAT_INTERNAL, "JetStream cannot be used: %s", nats_why(status));
	return status == NATS_OK;
}

static bool
connect_first(struct shared_log *log)
{
	int64_t start_ms = chat_now_ms();
	char url[256] = "";
	natsStatus status;

	while ((status = natsConnection_Connect(&log->connection, log->nats_options)) != NATS_OK) {
		if (status == NATS_CONNECTION_AUTH_FAILED) {
			nats_fail(log, CHAT_UNAUTHORIZED, "the nats-server refuses this server: %s",
				nats_why(status));
			return false;
		}
		if (!wait_again(log, start_ms, "no nats-server answers", status))
			return false;
	}
	natsConnection_GetConnectedUrl(log->connection, url, sizeof(url));
	nats_say(log, "connected to %s", url);
	log->said_waiting = false;
	return open_jetstream(log);
}

/* ---- the stream ---- */

static natsStatus
make_stream(struct shared_log *log, jsStreamInfo **info)
{
	char description[sizeof(DESCRIPTION) + 20];
	const char *all = log->subjects;
	jsStreamConfig config;
	natsStatus status;
	jsErrCode code;

	snprintf(description, sizeof(description), DESCRIPTION "%" PRId64, chat_unix_ms());
	jsStreamConfig_Init(&config);
	config.Name = log->stream;
	config.Description = description;
	config.Subjects = &all;
	config.SubjectsLen = 1;
	config.Storage = js_FileStorage;
	config.Replicas = log->options->replicas;
	config.Discard = js_DiscardOld;
	config.DenyDelete = true;
	status = js_AddStream(info, log->js, &config, NULL, &code);
	if (status == NATS_OK)
		nats_say(log, "made the stream %s", log->stream);
	return status;
}

#define NO_ANSWER "JetStream does not answer"
#define NO_STREAM \
	"there is no stream, and the journal has messages: restore the stream, or begin with an " \
	"empty directory"

int64_t
nats_made_ms(const jsStreamConfig *config)
{
	const char *description = config->Description;

	if (!description || strncmp(description, DESCRIPTION, sizeof(DESCRIPTION) - 1) != 0)
		return 0;
	return strtoll(description + sizeof(DESCRIPTION) - 1, NULL, 10);
}

/* Checks that an existing stream is as make_stream() makes it. */
static bool
check_stream(struct shared_log *log, const jsStreamConfig *config)
{
	if (config->SubjectsLen != 1 || strcmp(config->Subjects[0], log->subjects) != 0)
		nats_fail(log, CHAT_USAGE, "the stream %s exists, but not with the subjects %s",
			log->stream, log->subjects);
	else if (config->Storage != js_FileStorage || config->Retention != js_LimitsPolicy)
		nats_fail(log, CHAT_USAGE,
			"the stream %s exists, but it does not keep its entries in files, up to "
			"its "
			"limits",
			log->stream);
	else if (config->Duplicates < DUPLICATES_MS * NS_PER_MS)
		nats_fail(log, CHAT_USAGE,
			"the stream %s exists, but its duplicate window is below %d s", log->stream,
			DUPLICATES_MS / 1000);
	else if (nats_made_ms(config) <= 0)
		nats_fail(log, CHAT_USAGE, "the stream %s exists, but no chat-serve has made it",
			log->stream);
	else
		return true;
	return false;
}

static void
note_opened(struct shared_log *log, const jsStreamInfo *info)
{
	struct note *note = nats_note(NOTE_OPENED);
	int64_t max_payload = natsConnection_GetMaxPayload(log->connection);

	log->made_ms = nats_made_ms(info->Config);
	note->state = (struct shared_log_state){
		.made_ms = log->made_ms,
		.first = info->State.FirstSeq,
		.last = info->State.LastSeq,
		.max_payload = (size_t)max_payload,
	};
	nats_post(log, note);
}

static bool
open_stream(struct shared_log *log)
{
	int64_t start_ms = chat_now_ms();
	jsStreamInfo *info = NULL;
	jsErrCode code;
	natsStatus status;
	bool was_lost, is_lost = false, good;

	for (;;) {
		status = js_GetStreamInfo(&info, log->js, log->stream, NULL, &code);
		was_lost = is_lost;
		is_lost = status == NATS_NOT_FOUND && log->options->has_copy;
		log->said_waiting &= is_lost == was_lost;
		if (status == NATS_NOT_FOUND && !is_lost)
			status = make_stream(log, &info);
		if (status == NATS_OK)
			break;
		if (!wait_again(log, start_ms, is_lost ? NO_STREAM : NO_ANSWER, status))
			return false;
	}
	good = check_stream(log, info->Config);
	if (good)
		note_opened(log, info);
	jsStreamInfo_Destroy(info);
	return good;
}

/* ---- entries ---- */

/* Waits until the loop has asked for entries. */
static bool
await_read(struct shared_log *log)
{
	bool asked = false;

	while (!asked) {
		if (!nats_pause(log, AGAIN_MS))
			return false;
		uv_mutex_lock(&log->mutex);
		asked = log->read_asked;
		uv_mutex_unlock(&log->mutex);
	}
	return true;
}

/* ---- publishing ---- */

/* Publishes a batch, or says what is to be said. If it fails, no answer comes, and it is repeated.
 */
static void
publish(struct shared_log *log, const struct order *order)
{
	char reply[sizeof(log->inbox) + 16], id[INSTANCE_LEN + 18];
	natsMsg *msg = NULL;

	if (!order->batch) {
		natsConnection_Publish(log->connection, log->said, order->text, (int)order->len);
		return;
	}
	snprintf(reply, sizeof(reply), "%s%" PRIx64, log->inbox, order->batch);
	snprintf(id, sizeof(id), "%s-%" PRIx64, log->instance, order->batch);
	if (natsMsg_Create(&msg, log->subject, reply, order->text, (int)order->len) == NATS_OK &&
		natsMsgHeader_Set(msg, "Nats-Msg-Id", id) == NATS_OK)
		natsConnection_PublishMsg(log->connection, msg);
	natsMsg_Destroy(msg);
}

static void
publish_orders(struct shared_log *log)
{
	struct order *orders, *order, *next;

	uv_mutex_lock(&log->mutex);
	orders = log->orders;
	log->orders = NULL;
	uv_mutex_unlock(&log->mutex);
	DL_FOREACH_SAFE(orders, order, next)
	{
		publish(log, order);
		free(order);
	}
}

static natsStatus
subscribe(struct shared_log *log, natsSubscription **sub, const char *subject, natsMsgHandler heard)
{
	natsStatus status = natsConnection_Subscribe(sub, log->connection, subject, heard, log);

	if (status == NATS_OK)
		nats_count_thread(log, *sub);
	return status;
}

/* Subscribes to the answers to batches, and to what the servers say. */
static bool
subscribe_to_words(struct shared_log *log)
{
	char answers[sizeof(log->inbox) + 1];
	natsStatus status;

	snprintf(answers, sizeof(answers), "%s*", log->inbox);
	status = subscribe(log, &log->answers, answers, nats_on_answer);
	if (status == NATS_OK)
		status = subscribe(log, &log->hearing, log->said, nats_on_heard);
	if (status != NATS_OK)
		nats_fail(log, CHAT_INTERNAL, "no subscription can be made: %s", nats_why(status));
	return status == NATS_OK;
}

static void
serve(struct shared_log *log)
{
	do {
		publish_orders(log);
		if (nats_is_look_due(log) && !nats_look(log))
			return;
	} while (nats_pause(log, AGAIN_MS));
	publish_orders(log); /* the last words */
	natsConnection_FlushTimeout(log->connection, 200);
}

/*
 * Waits until no thread of libnats calls us any more: a message that is freed while
 * nats_CloseAndWait() ends the threads may leak.
 */
static void
await_deliveries(struct shared_log *log)
{
	uv_mutex_lock(&log->mutex);
	while (log->delivering &&
		uv_cond_timedwait(&log->changed, &log->mutex, THREADS_END_MS * NS_PER_MS) == 0) {
	}
	uv_mutex_unlock(&log->mutex);
}

void
nats_work(void *arg)
{
	struct shared_log *log = arg;

	if (connect_first(log) && open_stream(log) && await_read(log) && subscribe_to_words(log))
		serve(log);
	nats_end_entries(log);
	if (log->answers)
		nats_unsubscribe(&log->answers);
	if (log->hearing)
		nats_unsubscribe(&log->hearing);
	jsCtx_Destroy(log->js);
	natsConnection_Close(log->connection);
	natsConnection_Destroy(log->connection);
	await_deliveries(log);
	nats_ReleaseThreadMemory();
}
