/* The shared log with NATS JetStream: the side of the loop. */
#include "serve/cluster/nats_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <utlist.h>

#include "text/buf.h"
#include "text/err.h"

/* ---- notes ---- */

struct note *
nats_note(enum note_kind kind)
{
	struct note *note = chat_alloc_zeroed(1, sizeof(*note));

	note->kind = kind;
	note->letter.bytes = sizeof(*note);
	return note;
}

static void
note_free(struct note *note)
{
	natsMsg_Destroy(note->msg);
	free(note);
}

void
nats_post(struct shared_log *log, struct note *note)
{
	if (!mailbox_post(&log->mailbox, &note->letter))
		note_free(note);
}

void
nats_say(struct shared_log *log, const char *format, ...)
{
	struct note *note = nats_note(NOTE_CHANGED);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(note->err.text, sizeof(note->err.text), format, arguments);
	va_end(arguments);
	nats_post(log, note);
}

void
nats_fail(struct shared_log *log, enum chat_code code, const char *format, ...)
{
	struct note *note = nats_note(NOTE_FAILED);
	va_list arguments;
	bool again;

	va_start(arguments, format);
	vsnprintf(note->err.text, sizeof(note->err.text), format, arguments);
	va_end(arguments);
	note->err.code = code;
	uv_mutex_lock(&log->mutex);
	again = log->has_failed;
	log->has_failed = true;
	uv_mutex_unlock(&log->mutex);
	if (again)
		note_free(note);
	else
		nats_post(log, note);
}

/* Passes an entry, and keeps its text until the next one. */
static void
pass_entry(struct shared_log *log, struct note *note)
{
	log->events->entry(log->arg, &note->entry);
	if (log->last_entry)
		note_free(log->last_entry);
	log->last_entry = note;
}

static void
on_note(void *arg, struct letter *letter)
{
	struct shared_log *log = arg;
	const struct shared_log_events *events = log->events;
	struct note *note = (struct note *)letter;

	switch (note->kind) {
	case NOTE_OPENED:
		events->opened(log->arg, &note->state);
		break;
	case NOTE_ENTRY:
		pass_entry(log, note);
		return;
	case NOTE_AGAIN:
		events->again(log->arg, &note->entry);
		break;
	case NOTE_CAUGHT_UP:
		events->caught_up(log->arg);
		break;
	case NOTE_ANSWER:
		events->answer(log->arg, note->batch, note->answer, note->err.text);
		break;
	case NOTE_HEARD:
		events->heard(log->arg,
			(struct chat_span){natsMsg_GetData(note->msg),
				(size_t)natsMsg_GetDataLength(note->msg)});
		break;
	case NOTE_CHANGED:
		events->changed(log->arg, note->err.text);
		break;
	case NOTE_FAILED:
		events->failed(log->arg, &note->err);
		break;
	}
	note_free(note);
}

/* ---- opening ---- */

/* Makes the names that depend on the cluster's name and on this process. */
static int
make_names(struct shared_log *log, struct chat_err *err)
{
	const char *name = log->options->name;
	unsigned char random[INSTANCE_LEN / 2];

	if (!*name || strlen(name) > CLUSTER_NAME_MAX ||
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") !=
			strlen(name))
		return chat_fail(err, CHAT_USAGE,
			"--cluster-name: at most %d letters, digits, '-' and '_'",
			CLUSTER_NAME_MAX);
	snprintf(log->stream, sizeof(log->stream), "CHAT_%s", name);
	snprintf(log->subjects, sizeof(log->subjects), "chat.%s.log.>", name);
	snprintf(log->subject, sizeof(log->subject), "chat.%s.log.all", name);
	snprintf(log->said, sizeof(log->said), "chat.%s.roll", name);
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return chat_fail(err, CHAT_INTERNAL, "random numbers: %m");
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(log->instance + 2 * i, 3, "%02x", random[i]);
	snprintf(log->inbox, sizeof(log->inbox), "_INBOX.chat.%s.", log->instance);
	return 0;
}

/* Reads the files that the options name. */
static natsStatus
load_files(natsOptions *nats, const struct shared_log_options *options)
{
	natsStatus status = NATS_OK;

	if (options->creds)
		status = natsOptions_SetUserCredentialsFromFiles(nats, options->creds, NULL);
	if (status == NATS_OK && options->ca)
		status = natsOptions_LoadCATrustedCertificates(nats, options->ca);
	if (status == NATS_OK && options->cert)
		status = natsOptions_LoadCertificatesChain(
			nats, options->cert, options->key ? options->key : options->cert);
	return status;
}

#define SERVERS_MAX 16

/* Checks a URL. The library would take anything, and others would see a password. */
static int
check_url(const char *url, struct chat_err *err)
{
	if (strncmp(url, "nats://", 7) != 0 && strncmp(url, "tls://", 6) != 0)
		return chat_fail(err, CHAT_USAGE,
			"--cluster: a URL begins with nats:// or tls://, as in "
			"nats://localhost:4222");
	if (strchr(url, '@'))
		return chat_fail(err, CHAT_USAGE,
			"--cluster: others see what is on a command line: give --cluster-creds");
	return 0;
}

/* Sets the URLs of the servers, which have commas between them. */
static int
set_servers(natsOptions *nats, const char *urls, struct chat_err *err)
{
	char *copy = chat_strndup(urls, strlen(urls)), *rest = copy, *url;
	const char *servers[SERVERS_MAX];
	int count = 0, result = 0;

	while (result == 0 && count < SERVERS_MAX && (url = strsep(&rest, ","))) {
		result = check_url(url, err);
		servers[count++] = url;
	}
	if (result == 0 && rest)
		result = chat_fail(err, CHAT_USAGE, "--cluster: at most %d URLs", SERVERS_MAX);
	if (result == 0 && natsOptions_SetServers(nats, servers, count) != NATS_OK)
		result = chat_fail(err, CHAT_USAGE, "--cluster: %s", nats_GetLastError(NULL));
	free(copy);
	return result;
}

static natsStatus
set_options(struct shared_log *log)
{
	natsOptions *nats = log->nats_options;

	natsOptions_SetName(nats, "chat-serve");
	natsOptions_SetTimeout(nats, 2000);
	natsOptions_SetPingInterval(nats, 2000);
	natsOptions_SetMaxPingsOut(nats, 2);
	natsOptions_SetMaxReconnect(nats, -1);
	natsOptions_SetReconnectWait(nats, 250);
	natsOptions_SetReconnectJitter(nats, 250, 250);
	natsOptions_SetReconnectBufSize(nats, 0);
	natsOptions_SetSendAsap(nats, true);
	natsOptions_SetDisconnectedCB(nats, nats_on_disconnected, log);
	natsOptions_SetReconnectedCB(nats, nats_on_reconnected, log);
	natsOptions_SetClosedCB(nats, nats_on_closed, log);
	return load_files(nats, log->options);
}

static int
open_library(struct shared_log *log, struct chat_err *err)
{
	natsStatus status = nats_Open(-1);

	if (status == NATS_OK)
		status = natsOptions_Create(&log->nats_options);
	if (status == NATS_OK)
		status = set_options(log);
	if (status == NATS_OK)
		return set_servers(log->nats_options, log->options->urls, err);
	return chat_fail(err, CHAT_USAGE, "--cluster: %s%s%s", natsStatus_GetText(status),
		nats_GetLastError(NULL) ? ": " : "",
		nats_GetLastError(NULL) ? nats_GetLastError(NULL) : "");
}

struct shared_log *
shared_log_open(const struct shared_log_options *options, uv_loop_t *loop,
	const struct shared_log_events *events, void *arg, struct chat_err *err)
{
	struct shared_log *log = chat_alloc_zeroed(1, sizeof(*log));

	log->options = options;
	log->events = events;
	log->arg = arg;
	log->target = UINT64_MAX; /* not known yet */
	log->in_doubt = true; /* until there is a subscription */
	if (make_names(log, err) < 0 || open_library(log, err) < 0) {
		natsOptions_Destroy(log->nats_options);
		free(log);
		return NULL;
	}
	uv_mutex_init(&log->handing);
	uv_mutex_init(&log->mutex);
	uv_cond_init(&log->changed);
	mailbox_open(&log->mailbox, loop, on_note, log);
	log->worker_runs = uv_thread_create(&log->worker, nats_work, log) == 0;
	if (!log->worker_runs)
		chat_abort("no thread can be had");
	return log;
}

/* ---- orders ---- */

void
shared_log_read(struct shared_log *log, uint64_t after, int64_t time_ms)
{
	uv_mutex_lock(&log->mutex);
	log->after = after;
	log->time_ms = time_ms;
	log->read_asked = true;
	uv_cond_broadcast(&log->changed);
	uv_mutex_unlock(&log->mutex);
}

static struct order *
order_new(uint64_t batch, struct chat_span text)
{
	struct order *order = chat_alloc_zeroed(1, sizeof(*order) + text.len);

	order->batch = batch;
	order->len = text.len;
	memcpy(order->text, text.at, text.len);
	return order;
}

static void
give_order(struct shared_log *log, struct order *order)
{
	uv_mutex_lock(&log->mutex);
	DL_APPEND(log->orders, order);
	uv_cond_broadcast(&log->changed);
	uv_mutex_unlock(&log->mutex);
}

void
shared_log_publish(struct shared_log *log, uint64_t batch, struct chat_span text)
{
	give_order(log, order_new(batch, text));
}

void
shared_log_say(struct shared_log *log, struct chat_span text)
{
	give_order(log, order_new(0, text));
}

/* ---- closing ---- */

void
shared_log_close(struct shared_log *log)
{
	if (!log->worker_runs)
		return;
	uv_mutex_lock(&log->mutex);
	log->stop = true;
	uv_cond_broadcast(&log->changed);
	uv_mutex_unlock(&log->mutex);
	mailbox_close(&log->mailbox);
	uv_thread_join(&log->worker);
	log->worker_runs = false;
}

void
shared_log_free(struct shared_log *log)
{
	struct order *order, *next;
	struct letter *letter;

	while ((letter = mailbox_take(&log->mailbox)))
		note_free((struct note *)letter); /* a message must go before the library does */
	if (log->last_entry)
		note_free(log->last_entry);
	natsOptions_Destroy(log->nats_options);
	if (nats_CloseAndWait(THREADS_END_MS) == NATS_TIMEOUT)
		return; /* a thread still uses it */
	DL_FOREACH_SAFE(log->orders, order, next)
	free(order);
	mailbox_free(&log->mailbox);
	uv_mutex_destroy(&log->handing);
	uv_mutex_destroy(&log->mutex);
	uv_cond_destroy(&log->changed);
	free(log);
}
