/* The metrics of the server, for a monitoring system (monitor.c) or a person who sends SIGUSR1. */
#include "serve/monitor/metrics.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "serve/monitor/totals.h"
#include "serve/net/tls.h"

static const char *const drop_words[DROP_REASONS] = {
	[DROP_SLOW_CONSUMER] = "slow_consumer",
	[DROP_PING_TIMEOUT] = "ping_timeout",
	[DROP_PROTOCOL] = "protocol",
	[DROP_TOO_LATE] = "too_late",
	[DROP_SERVER_FULL] = "server_full",
};

/* ---- the plain ones: a name, a value, a sentence ---- */

struct sample {
	const char *name; /* without the prefix chat_ */
	const char *type;
	const char *help;
	double value;
};

static uint64_t
journal_bytes(const struct monitor_sources *sources)
{
	const struct journal *journal = journal_of(sources);

	return journal->kind->bytes ? journal->kind->bytes(journal) : 0;
}

#define PEER_SAMPLES 8
#define MEMORY_SAMPLES 6
#define OUTPUT_SAMPLES 7
#define CLUSTER_SAMPLES 7
#define ALONE_SAMPLES (PEER_SAMPLES + MEMORY_SAMPLES + OUTPUT_SAMPLES)
#define SAMPLES (ALONE_SAMPLES + CLUSTER_SAMPLES)

static void
take_peers(struct sample samples[PEER_SAMPLES], const struct totals *totals)
{
	const struct sample taken[PEER_SAMPLES] = {
		{"connections", "gauge", "Open connections.", (double)totals->connections},
		{"connections_total", "counter", "Connections ever accepted.",
			(double)totals->accepted},
		{"channels", "gauge", "Channels in memory.", (double)totals->channels},
		{"messages_total", "counter", "Messages said.", (double)totals->messages},
		{"deliveries_total", "counter", "Messages queued for members.",
			(double)totals->deliveries},
		{"received_bytes_total", "counter", "Bytes read from connections.",
			(double)totals->received_bytes},
		{"sent_bytes_total", "counter", "Bytes written to connections.",
			(double)totals->sent_bytes},
		{"queued_bytes", "gauge", "Bytes that wait for their readers.",
			(double)totals->queued_bytes},
	};

	memcpy(samples, taken, sizeof(taken));
}

static void
take_memory(struct sample samples[MEMORY_SAMPLES], const struct totals *totals)
{
	const struct sample taken[MEMORY_SAMPLES] = {
		{"history_bytes", "gauge", "Bytes of history in memory.",
			(double)totals->history_bytes},
		{"past_readers", "gauge", "Members that are sent the past.",
			(double)totals->past_readers},
		{"past_bytes", "gauge", "Bytes of pages of the past, and of replays.",
			(double)totals->past_bytes},
		{"past_pages_total", "counter", "Pages of the past that were queued.",
			(double)totals->past_pages},
		{"past_pages_made_total", "counter", "Pages, and replays, that were read or made.",
			(double)totals->past_pages_made},
		{"nonces", "gauge", "Nonces remembered.", (double)totals->nonces},
	};

	memcpy(samples, taken, sizeof(taken));
}

static void
take_output(struct sample samples[OUTPUT_SAMPLES], const struct totals *totals,
	const struct monitor_sources *sources)
{
	const struct sample taken[OUTPUT_SAMPLES] = {
		{"tls_failures_total", "counter", "Connections that did not agree on TLS.",
			sources->tls ? (double)tls_failures(sources->tls) : 0},
		{"proxy_header_failures_total", "counter",
			"Connections that did not begin with the PROXY header that they need.",
			(double)totals->wrong_proxy_headers},
		{"printer_dropped_total", "counter", "Events not printed: stdout had no room.",
			(double)totals->printer_dropped},
		{"notices_dropped_total", "counter", "Lines not said: stderr had no room.",
			(double)totals->notices_dropped},
		{"journal_bytes", "gauge", "Bytes of the journal.", (double)journal_bytes(sources)},
		{"storage_failures_total", "counter",
			"Times the journal could not keep what was said, or its disk failed.",
			(double)journal_of(sources)->failures},
		{"up", "gauge", "1 while new connections are taken.", *sources->draining ? 0 : 1},
	};

	memcpy(samples, taken, sizeof(taken));
}

static void
take_cluster(struct sample samples[CLUSTER_SAMPLES], const struct cluster *cluster)
{
	const struct sample taken[CLUSTER_SAMPLES] = {
		{"cluster_servers", "gauge", "Other servers of the cluster that are heard.",
			(double)cluster->presence.nodes.count},
		{"cluster_entries_total", "counter", "Batches of messages that were applied.",
			(double)cluster->ever.entries},
		{"cluster_duplicates_total", "counter",
			"Messages that were dropped because their nonces were used.",
			(double)cluster->ever.duplicates},
		{"cluster_refused_total", "counter",
			"Messages that were not stored in time, or not at all.",
			(double)cluster->ever.refused},
		{"cluster_garbage_total", "counter",
			"What came from the nats-servers and no server has written.",
			(double)(cluster->ever.garbage + cluster->presence.garbage)},
		{"cluster_waiting_bytes", "gauge", "Bytes of messages that wait for the cluster.",
			(double)cluster->log.bytes},
		{"cluster_waiting_milliseconds", "gauge", "How long the oldest of them has waited.",
			(double)cluster_wait_ms(cluster)},
	};

	memcpy(samples, taken, sizeof(taken));
}

/* Returns how many samples there are. */
static int
samples_take(struct sample samples[SAMPLES], const struct totals *totals,
	const struct monitor_sources *sources)
{
	take_peers(samples, totals);
	take_memory(samples + PEER_SAMPLES, totals);
	take_output(samples + PEER_SAMPLES + MEMORY_SAMPLES, totals, sources);
	if (!sources->cluster->shared_log)
		return ALONE_SAMPLES;
	take_cluster(samples + ALONE_SAMPLES, sources->cluster);
	return SAMPLES;
}

/* ---- Prometheus ---- */

static void
write_labelled(struct chat_buf *out, const char *name, const char *label, const char *value,
	uint64_t count)
{
	chat_buf_printf(out, "chat_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value, count);
}

static void
write_turns(struct chat_buf *out, const struct turn_times *turns)
{
	uint64_t sum = 0;

	chat_buf_append_string(out,
		"# HELP chat_turn_seconds How long turns of the loop took.\n"
		"# TYPE chat_turn_seconds histogram\n");
	for (int i = 0; i < TURN_TIMES_BUCKETS; i++) {
		sum += turns->counts[i];
		chat_buf_printf(out, "chat_turn_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
			(double)turn_times_bounds_us[i] / 1e6, sum);
	}
	sum += turns->counts[TURN_TIMES_BUCKETS];
	chat_buf_printf(out, "chat_turn_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", sum);
	chat_buf_printf(out, "chat_turn_seconds_sum %.9f\nchat_turn_seconds_count %" PRIu64 "\n",
		(double)turns->sum_ns / 1e9, sum);
}

static void
write_memory(struct chat_buf *out, const uint64_t bytes[USAGE_KINDS])
{
	chat_buf_append_string(out,
		"# HELP chat_memory_bytes Bytes of memory, by what they are held for.\n"
		"# TYPE chat_memory_bytes gauge\n");
	for (int i = 0; i < USAGE_KINDS; i++)
		write_labelled(out, "memory_bytes", "kind", memory_usage_words[i], bytes[i]);
}

void
metrics_write_prometheus(struct chat_buf *out, const struct monitor_sources *sources)
{
	struct sample samples[SAMPLES];
	struct totals totals;
	int count;

	totals_take(&totals, sources, true);
	count = samples_take(samples, &totals, sources);
	for (int i = 0; i < count; i++)
		chat_buf_printf(out, "# HELP chat_%s %s\n# TYPE chat_%s %s\nchat_%s %.0f\n",
			samples[i].name, samples[i].help, samples[i].name, samples[i].type,
			samples[i].name, samples[i].value);
	chat_buf_append_string(out,
		"# HELP chat_drops_total Connections ended by the server.\n"
		"# TYPE chat_drops_total counter\n");
	for (int i = 0; i < DROP_REASONS; i++)
		write_labelled(out, "drops_total", "reason", drop_words[i], totals.drops[i]);
	chat_buf_append_string(out,
		"# HELP chat_errors_total Errors sent to peers.\n"
		"# TYPE chat_errors_total counter\n");
	for (int i = CHAT_OK + 1; i <= CHAT_INTERNAL; i++)
		write_labelled(out, "errors_total", "code", chat_code_word(i), totals.errors[i]);
	write_memory(out, totals.memory);
	write_turns(out, &totals.turns);
}

/* ---- JSON ---- */

void
metrics_write_json(struct chat_buf *out, const struct monitor_sources *sources)
{
	cJSON *line = cJSON_CreateObject(), *drops, *errors, *memory;
	struct sample samples[SAMPLES];
	struct totals totals;
	int count;
	char *text;

	totals_take(&totals, sources, true);
	count = samples_take(samples, &totals, sources);
	cJSON_AddStringToObject(line, "type", "$metrics");
	for (int i = 0; i < count; i++)
		cJSON_AddNumberToObject(line, samples[i].name, samples[i].value);
	drops = cJSON_AddObjectToObject(line, "drops");
	for (int i = 0; i < DROP_REASONS; i++)
		cJSON_AddNumberToObject(drops, drop_words[i], (double)totals.drops[i]);
	errors = cJSON_AddObjectToObject(line, "errors");
	for (int i = CHAT_OK + 1; i <= CHAT_INTERNAL; i++)
		if (totals.errors[i])
			cJSON_AddNumberToObject(
				errors, chat_code_word(i), (double)totals.errors[i]);
	memory = cJSON_AddObjectToObject(line, "memory");
	for (int i = 0; i < USAGE_KINDS; i++)
		cJSON_AddNumberToObject(memory, memory_usage_words[i], (double)totals.memory[i]);
	text = cJSON_PrintUnformatted(line);
	cJSON_Delete(line);
	if (!text)
		abort();
	chat_buf_append_string(out, text);
	chat_buf_append(out, "\n", 1);
	cJSON_free(text);
}
