/* The parts that each loop has, and its work in each turn, whichever loop it is. */
#include "serve/shard.h"

#include "serve/channel/presence.h"
#include "serve/channel/publish.h"
#include "serve/limits.h"
#include "serve/session/sessions.h"
#include "text/err.h"

/* A sweep checks a tenth of the connections; each is checked every second. */
#define SWEEP_PARTS 10

/* ---- opening ---- */

int
shard_open_loop(struct shard *shard, const struct config *config, const struct shard *like,
	struct chat_err *err)
{
	struct conn_limits limits = conn_limits_of(config);
	int failed = uv_loop_init(&shard->loop);

	if (failed)
		return chat_fail(
			err, CHAT_INTERNAL, "no event loop can be had: %s", uv_strerror(failed));
	shard->config = config;
	shard->clock.loop = &shard->loop;
	clock_update(&shard->clock);
	failed = like ? conns_open_like(&shard->conns, &like->conns, &shard->clock, err)
		      : conns_open(&shard->conns, &shard->clock, &session_events, &limits, err);
	if (failed < 0)
		uv_loop_close(&shard->loop);
	return failed;
}

void
shard_open_sessions(struct shard *shard, const struct shard_shared *shared, size_t number)
{
	const struct config *config = shard->config;
	struct session_context *sessions = &shard->sessions;

	sessions->options = session_options_of(config, shared->is_public);
	sessions->names = (struct origin_names){
		&config->listening.origins, &config->listening.hosts, shared->tls};
	sessions->loop = number;
	sessions->loops = shared->loops;
	shard->lending = shared->lending;
	sessions->clock = &shard->clock;
	sessions->conns = &shard->conns;
	sessions->addresses = shared->addresses;
	sessions->channels = &shard->channels;
	sessions->error_log = shared->error_log;
	web_page_prepare(&sessions->page);
	rate_limits_of(sessions->rate_limiter.limits, config);
	sessions->rate_limiter.pool = shared->rate_pool;
}

/* Returns the equal part of a limit that loops do not lend each other. */
static size_t
part_of(const struct shard *shard, size_t limit)
{
	return (limit + shard->sessions.loops - 1) / shard->sessions.loops;
}

void
shard_open_channels(struct shard *shard, uint64_t epoch)
{
	const struct config *config = shard->config;
	struct channels *channels = &shard->channels;
	struct channels_limits limits = channels_limits_of(config);

	channels_init(channels, &limits, &shard->clock, epoch);
	page_cache_init(&channels->page_cache, (size_t)config->memory.queue_total_bytes);
	channels->page_cache.stale = config->journal.max_messages > 0;
	channels->nonces.most = (size_t)config->nonces.max_nonces;
	channels->nonces.most_bytes = (size_t)config->nonces.memory_bytes;
	channels->nonces.keep_ms = config->nonces.keep_ms;
	channels->sequence = shard->sessions.loop;
	channels->step = channels->quotas.loops = shard->sessions.loops;
	channels->limits.leavers = part_of(shard, channels->limits.leavers);
	catchup_open(&shard->sessions.catchup, &shard->loop, channels,
		(size_t)config->memory.queue_bytes / 2);
	shard->sessions.catchup.loop = shard->sessions.loop;
}

void
shard_open_backpressure(struct shard *shard, void (*publish)(void *arg), void *arg)
{
	struct backpressure *backpressure = &shard->sessions.backpressure;

	backpressure->publish = publish; /* in the middle of a turn */
	backpressure->arg = arg;
	backpressure_open(backpressure, &shard->channels,
		part_of(shard, (size_t)shard->config->memory.unsynced_total_bytes),
		(size_t)shard->config->limits.max_message_bytes);
}

/* ---- limits that are shared ---- */

static void
borrow(struct shard *shard, enum lent kind, size_t used, bool fresh, size_t *limit)
{
	lending_update(shard->lending, shard->sessions.loop, kind, used, fresh, limit);
}

/* Says what this loop uses, and takes over what it may use now. */
static void
borrow_all(struct shard *shard, bool fresh)
{
	struct conns *conns = &shard->conns;
	struct channels *channels = &shard->channels;
	struct nonces *nonces = &channels->nonces;

	borrow(shard, LENT_QUEUES, conns->held_bytes, fresh, &conns->limits.all_queues_bytes);
	borrow(shard, LENT_RECEIVED, conns->received_bytes, fresh,
		&conns->limits.all_received_bytes);
	borrow(shard, LENT_HISTORY, channels_history_bytes(channels), fresh,
		&channels->limits.history_bytes);
	borrow(shard, LENT_NONCES, nonces->count, fresh, &nonces->most);
	borrow(shard, LENT_NONCE_BYTES, nonces->shares.amount, fresh, &nonces->most_bytes);
	borrow(shard, LENT_PAGES, channels->page_cache.bytes, fresh,
		&channels->page_cache.budget_bytes);
	/* An address may make many channels within one sweep. */
	borrow(shard, LENT_CHANNELS, channels->count,
		fresh || shard->told_channels != channels->ever.channels,
		&channels->limits.channels);
	shard->told_channels = channels->ever.channels;
}

/* ---- a turn ---- */

void
shard_publish(struct shard *shard)
{
	shard->journal->kind->commit(shard->journal);
	channels_publish(&shard->channels);
}

void
shard_flush(struct shard *shard)
{
	if (shard->lending)
		borrow_all(shard, false);
	conns_flush(&shard->conns);
	catchup_end_turn(&shard->sessions.catchup);
}

void
shard_sweep(struct shard *shard)
{
	struct channels *channels = &shard->channels;
	int64_t now_ms = clock_now_ms(&shard->clock);

	sessions_sweep(&shard->sessions);
	conns_sweep(&shard->conns, shard->draining ? 1 : SWEEP_PARTS);
	channels_end_graces(channels);
	nonces_expire(&channels->nonces, now_ms);
	page_cache_sweep(&channels->page_cache);
	rate_limiter_expire(&shard->sessions.rate_limiter, now_ms);
	if (shard->lending) {
		borrow_all(shard, true);
		channels_shed(channels);
		rate_limiter_exchange(&shard->sessions.rate_limiter);
	}
}

/* ---- the end ---- */

void
shard_drain(struct shard *shard)
{
	shard->draining = shard->settling = true;
	for (struct conn *conn = shard->conns.all; conn; conn = conn->next)
		conn_pause(conn, CONN_PAUSE_SESSION);
}

void
shard_say_goodbye(struct shard *shard)
{
	shard->settling = false;
	sessions_shut_down(&shard->sessions);
}

void
shard_abort(struct shard *shard)
{
	while (shard->conns.all)
		conn_abort(shard->conns.all);
}

void
shard_free(struct shard *shard)
{
	session_context_free(&shard->sessions);
	channels_free(&shard->channels);
}
