/* One more loop: its thread, its letters, its turns and its end. */
#include "serve/worker.h"

#include <stdlib.h>
#include <string.h>

#include "serve/channel/publish.h"
#include "serve/channel/rollback.h"
#include "serve/session/session.h"
#include "serve/session/sessions.h"
#include "text/err.h"

#define VISIT_SWEEPS 10 /* in one of so many sweeps the memory of each channel is counted, too */

enum order { ORDER_TAKE, ORDER_LINE, ORDER_TOKENS, ORDER_DRAIN, ORDER_STOP };

/* An order of the server. */
struct order_letter {
	struct letter letter; /* first */
	enum order order;
	struct session *session; /* ORDER_TAKE: owned */
	struct tokens tokens; /* ORDER_TOKENS: owned */
	struct stdin_line line; /* ORDER_LINE: its text is a copy, owned */
};

/* ---- turns ---- */

static void
worker_publish(struct worker *worker)
{
	struct shard *shard = &worker->shard;

	shard_publish(shard);
	sessions_settle(&shard->sessions);
	if (shard->settling && shard->journal->kind->is_settled(shard->journal))
		shard_say_goodbye(shard);
	if (worker->events.len) /* before the connections are flushed */
		event_printer_take(worker->printer, &worker->events);
	if (error_log_has_lines(shard->sessions.error_log))
		error_log_flush(shard->sessions.error_log);
}

static void
on_relieve(void *arg)
{
	worker_publish(arg);
}

static void
worker_turn(struct worker *worker)
{
	struct shard *shard = &worker->shard;
	struct session_context *sessions = &shard->sessions;

	turn_times_begin(&shard->turns);
	poller_handle(&shard->conns.poller);
	worker_publish(worker);
	catchup_turn(&sessions->catchup);
	sessions_resume(sessions);
	backpressure_mark(&sessions->backpressure);
	shard_flush(shard);
	turn_times_end(&shard->turns);
	if (shard->draining && shard->conns.count == 0)
		worker->stopped = true;
}

/* The thread. */
static void
run(void *arg)
{
	struct worker *worker = arg;

	conns_enter(&worker->shard.conns);
	while (!worker->stopped) {
		poller_wait(&worker->shard.conns.poller, true);
		worker_turn(worker);
	}
	worker->on_ended(worker->arg);
}

/* Leaves its totals where the server's own loop finds them. */
static void
worker_count(struct worker *worker)
{
	const struct shard *shard = &worker->shard;
	struct totals totals;

	if (worker->sweeps++ % VISIT_SWEEPS == 0) {
		memset(worker->channel_bytes, 0, sizeof(worker->channel_bytes));
		memory_usage_add_channels(worker->channel_bytes, &shard->channels);
	}
	totals_take_loop(&totals, &shard->sessions, &shard->turns, false);
	for (int i = 0; i < USAGE_KINDS; i++)
		totals.memory[i] += worker->channel_bytes[i];
	uv_mutex_lock(&worker->mutex);
	worker->totals = totals;
	uv_mutex_unlock(&worker->mutex);
}

static void
on_sweep(uv_timer_t *timer)
{
	struct worker *worker = timer->data;
	struct shard *shard = &worker->shard;

	clock_update(&shard->clock); /* the server's own loop reports a clock that was set back */
	shard_sweep(shard);
	worker_count(worker);
	atomic_store(&worker->swept_ns, uv_hrtime());
}

static void
on_event(void *arg, struct chat_span line)
{
	struct chat_buf *events = arg;

	chat_buf_append_span(events, line);
	chat_buf_append(events, "\n", 1);
}

/* ---- letters ---- */

/* The server may drain before the session has arrived. */
static void
take(struct worker *worker, struct session *session)
{
	session_adopt(session, &worker->shard.sessions);
	if (worker->shard.draining && !worker->shard.settling)
		shard_say_goodbye(&worker->shard);
}

static void
take_line(struct worker *worker, const struct stdin_line *line)
{
	struct shard *shard = &worker->shard;
	const struct stdin_route here = {.pass = NULL};

	stdin_line_post(line, &shard->channels, &here, shard->sessions.error_log);
	free((char *)line->text.at);
}

static void
renew_tokens(struct worker *worker, const struct tokens *tokens)
{
	struct session_context *sessions = &worker->shard.sessions;

	tokens_free(&sessions->tokens);
	sessions->tokens = *tokens;
	sessions_recheck(sessions);
	worker->on_renewed(worker->arg);
}

static void
on_letter(void *arg, struct letter *letter)
{
	struct worker *worker = arg;
	struct order_letter *order = (struct order_letter *)letter;

	switch (order->order) {
	case ORDER_TAKE:
		take(worker, order->session);
		break;
	case ORDER_LINE:
		take_line(worker, &order->line);
		break;
	case ORDER_TOKENS:
		renew_tokens(worker, &order->tokens);
		break;
	case ORDER_DRAIN:
		shard_drain(&worker->shard);
		break;
	case ORDER_STOP:
		worker->stopped = true;
		break;
	}
	free(order);
}

/* If much is on its way to a worker, the server's own loop waits until the worker has taken some.
 */
static void
post(struct worker *worker, const struct order_letter *order, size_t bytes)
{
	struct order_letter *copy = chat_alloc(sizeof(*copy));

	*copy = *order;
	copy->letter.bytes = sizeof(*copy) + bytes;
	mailbox_post(&worker->mailbox, &copy->letter);
}

void
worker_take(struct worker *worker, struct session *session)
{
	size_t bytes = sizeof(*session) + session->conn.in.head->cap;

	post(worker, &(struct order_letter){.order = ORDER_TAKE, .session = session}, bytes);
}

void
worker_take_line(struct worker *worker, const struct stdin_line *line)
{
	struct order_letter order = {.order = ORDER_LINE, .line = *line};

	order.line.text.at = chat_strndup(line->text.at, line->text.len);
	post(worker, &order, line->text.len);
}

void
worker_renew_tokens(struct worker *worker, const struct tokens *tokens)
{
	struct order_letter order = {.order = ORDER_TOKENS};

	tokens_copy(&order.tokens, tokens);
	post(worker, &order, 0);
}

void
worker_drain(struct worker *worker)
{
	post(worker, &(struct order_letter){.order = ORDER_DRAIN}, 0);
}

/* ---- opening ---- */

static void
on_durable(void *arg, uint64_t ticket)
{
	struct shard *shard = arg;

	shard->channels.durable = ticket; /* channels_publish looks at it */
}

static void
on_failed(void *arg, uint64_t ticket, const struct chat_err *err)
{
	struct shard *shard = arg;

	(void)err; /* the journal has reported it */
	channels_rollback(&shard->channels, ticket);
}

static const struct journal_events journal_events = {
	.durable = on_durable,
	.failed = on_failed,
};

static void
open_contents(struct worker *worker, const struct worker_options *options, size_t number)
{
	struct shard *shard = &worker->shard;

	shard_open_sessions(shard, options->shared, number);
	if (options->tokens->path)
		tokens_copy(&shard->sessions.tokens, options->tokens);
	shard_open_channels(shard, options->epoch);
	if (options->printer)
		shard->channels.watcher = (struct watcher){on_event, &worker->events};
	shard->journal = options->shared_journal
		? shared_journal_part(
			  options->shared_journal, number, &shard->loop, &journal_events, shard)
		: null_journal_open(&journal_events, shard);
	shard->channels.journal = shard->journal;
	shard_open_backpressure(shard, on_relieve, worker);
}

int
worker_open(struct worker *worker, const struct worker_options *options, size_t number,
	struct chat_err *err)
{
	*worker = (struct worker){
		.printer = options->printer,
		.on_renewed = options->on_renewed,
		.on_ended = options->on_ended,
		.arg = options->arg,
	};
	if (shard_open_loop(&worker->shard, options->config, options->like, err) < 0)
		return -1;
	open_contents(worker, options, number);
	uv_mutex_init(&worker->mutex);
	mailbox_open(&worker->mailbox, &worker->shard.loop, on_letter, worker);
	uv_timer_init(&worker->shard.loop, &worker->sweep);
	worker->sweep.data = worker;
	uv_timer_start(&worker->sweep, on_sweep, SHARD_SWEEP_MS, SHARD_SWEEP_MS);
	return 0;
}

int
worker_start(struct worker *worker, struct chat_err *err)
{
	int failed;

	atomic_store(&worker->swept_ns, uv_hrtime());
	failed = uv_thread_create(&worker->thread, run, worker);
	if (failed)
		return chat_fail(
			err, CHAT_INTERNAL, "no thread can be had: %s", uv_strerror(failed));
	worker->has_thread = true;
	return 0;
}

/* ---- the end ---- */

static void
close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* Handles what was posted too late. */
static void
take_rest(struct worker *worker)
{
	struct letter *letter;

	while ((letter = mailbox_take(&worker->mailbox)))
		on_letter(worker, letter);
}

void
worker_stop(struct worker *worker)
{
	if (worker->has_thread) {
		post(worker, &(struct order_letter){.order = ORDER_STOP}, 0);
		uv_thread_join(&worker->thread);
	}
	worker->has_thread = false;
	mailbox_close(&worker->mailbox);
	take_rest(worker);
}

void
worker_close(struct worker *worker)
{
	struct shard *shard = &worker->shard;

	shard->journal->kind->settle(shard->journal);
	shard_abort(shard);
	shard_publish(shard);
	if (worker->events.len)
		event_printer_take(worker->printer, &worker->events);
	conns_flush(&shard->conns);
	conns_close(&shard->conns);
	uv_walk(&shard->loop, close_handle, NULL);
	uv_run(&shard->loop, UV_RUN_DEFAULT);
	uv_loop_close(&shard->loop);
	shard->journal->kind->close(shard->journal, false);
	tokens_free(&shard->sessions.tokens);
	shard_free(shard);
	mailbox_free(&worker->mailbox);
	uv_mutex_destroy(&worker->mutex);
	chat_buf_free(&worker->events);
}

/* ---- its totals ---- */

void
worker_add_totals(struct worker *worker, struct totals *totals)
{
	uv_mutex_lock(&worker->mutex);
	totals_add(totals, &worker->totals);
	uv_mutex_unlock(&worker->mutex);
}
