/* From options to the limits of each part of the server. */
#include "serve/limits.h"

#include <sys/resource.h>

#include "text/err.h"

#define FD_RESERVE 64 /* descriptors that are not for connections */
#define BYTES_BURST_S 4 /* seconds of its rate that may be sent at once */
#define JOINS_BURST_S 10

int
limits_raise_files(struct chat_err *err)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= FD_RESERVE)
		return 0;
	return chat_fail(err, CHAT_CANNOT_CONNECT,
		"only %llu files may be open (ulimit -n): the server takes up to %d, and one more "
		"for each connection",
		(unsigned long long)limit.rlim_cur, FD_RESERVE);
}

/* Returns the wanted number of connections, or fewer if there are too few file descriptors. */
static size_t
connections_allowed(int64_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return (size_t)wanted;
	if (limit.rlim_cur != RLIM_INFINITY && (rlim_t)wanted + FD_RESERVE > limit.rlim_cur)
		return limit.rlim_cur > FD_RESERVE ? (size_t)(limit.rlim_cur - FD_RESERVE) : 1;
	return (size_t)wanted;
}

struct conn_limits
conn_limits_of(const struct config *config)
{
	size_t receive_total = (size_t)config->memory.receive_total_bytes;
	/* Two messages of the greatest size, in buffers that double. */
	size_t least = 4 * (size_t)config->limits.max_message_bytes;

	return (struct conn_limits){
		.max_message_bytes = (size_t)config->limits.max_message_bytes,
		.max_first_bytes = (size_t)config->limits.max_init_bytes,
		.max_fragments = (uint32_t)config->limits.max_fragments,
		.queue_bytes = (size_t)config->memory.queue_bytes,
		.all_queues_bytes = (size_t)config->memory.queue_total_bytes,
		.all_received_bytes = receive_total > least ? receive_total : least,
		.head_ms = config->timeouts.head_ms,
		.message_ms = config->timeouts.message_ms,
		.close_ms = config->timeouts.close_ms,
		.ping_ms = config->timeouts.ping_interval_ms,
		.pong_ms = config->timeouts.pong_ms,
		.progress_ms = config->timeouts.progress_ms,
	};
}

/* Returns the wanted number of messages of a channel, but no more than --journal-max-messages. */
static uint32_t
kept_messages(const struct config *config, int64_t wanted)
{
	int64_t most = config->journal.max_messages;

	return (uint32_t)(most && most < wanted ? most : wanted);
}

struct channels_limits
channels_limits_of(const struct config *config)
{
	return (struct channels_limits){
		.channels = (size_t)config->channels.max_channels,
		.members = (size_t)config->channels.max_members,
		.leavers = (size_t)config->limits.max_connections,
		.crowd = (size_t)config->channels.crowd,
		.history_replay = kept_messages(config, config->history.replay),
		.history_replay_bytes = (size_t)config->history.replay_bytes,
		.page_message_bytes = (size_t)config->memory.queue_bytes,
		.history_keep = kept_messages(config, config->history.keep),
		.history_bytes = (size_t)config->history.memory_bytes,
		.max_message_bytes = (size_t)config->limits.max_message_bytes,
		.grace_ms = config->channels.grace_ms,
	};
}

struct journal_options
journal_options_of(const struct config *config)
{
	return (struct journal_options){
		.dir = config->journal.dir,
		.sync = (enum journal_sync)config->journal.sync,
		.segment_bytes = (uint64_t)config->journal.segment_bytes,
		.max_bytes = (uint64_t)config->journal.max_bytes,
		.max_age_ms = config->journal.max_age_ms,
		.max_messages = (uint64_t)config->journal.max_messages,
		.history = kept_messages(config, config->history.replay),
		.answer_ms = config->journal.disk_timeout_ms,
		.repair = config->journal.repair,
	};
}

/* A given rate (0 or more) limits every peer; the usual one only peers on other machines. */
static struct rate_limit
rate_limit_of(int64_t given, int64_t usual, int64_t burst)
{
	return (struct rate_limit){given < 0 ? usual : given, burst, given >= 0};
}

void
rate_limits_of(struct rate_limit limits[RATE_KINDS], const struct config *config)
{
	limits[RATE_MESSAGES] =
		rate_limit_of(config->rates.messages, CONFIG_OPEN_RATE, config->rates.burst);
	limits[RATE_BYTES] = rate_limit_of(config->rates.bytes, CONFIG_OPEN_RATE_BYTES, 0);
	limits[RATE_BYTES].burst = BYTES_BURST_S * limits[RATE_BYTES].per_second;
	limits[RATE_JOINS] = rate_limit_of(config->rates.joins, CONFIG_OPEN_RATE_JOIN, 0);
	limits[RATE_JOINS].burst = JOINS_BURST_S * limits[RATE_JOINS].per_second;
}

struct session_options
session_options_of(const struct config *config, bool is_public)
{
	return (struct session_options){
		.max_connections = connections_allowed(config->limits.max_connections),
		.max_errors = config->limits.max_errors,
		.init_timeout_ms = config->timeouts.init_ms,
		.needs_certificate = config->tls.client_ca != NULL,
		.reserves_server_name = config->channels.read_stdin,
		.is_public = is_public,
		.has_page = !config->listening.no_web,
		.is_verbose = config->output.verbose,
	};
}

void
lent_limits_of(size_t total[LENT_KINDS], const struct config *config)
{
	struct conn_limits conns = conn_limits_of(config);
	struct page_cache pages;

	page_cache_init(&pages, conns.all_queues_bytes);
	total[LENT_QUEUES] = conns.all_queues_bytes;
	total[LENT_RECEIVED] = conns.all_received_bytes;
	total[LENT_HISTORY] = (size_t)config->history.memory_bytes;
	total[LENT_NONCES] = (size_t)config->nonces.max_nonces;
	total[LENT_NONCE_BYTES] = (size_t)config->nonces.memory_bytes;
	total[LENT_PAGES] = pages.budget_bytes;
	total[LENT_CHANNELS] = (size_t)config->channels.max_channels;
}
