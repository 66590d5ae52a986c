/* How the server is doing: for a monitoring system that asks, or a person who sends SIGUSR1. */
#include "serve/monitor/metrics.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "serve/monitor/memory_usage.h"
#include "serve/server.h"

static const uint64_t turn_bounds_us[METRICS_TURN_BUCKETS] = {
	50, 200, 1000, 5000, 20000, 100000, 500000, 2000000};

static const char *const drop_words[METRICS_DROPS] = {
	[METRICS_DROP_SLOW] = "slow_consumer",
	[METRICS_DROP_SILENT] = "ping_timeout",
	[METRICS_DROP_RULES] = "protocol",
	[METRICS_DROP_LATE] = "too_late",
	[METRICS_DROP_FULL] = "server_full",
};

void
metrics_init(struct metrics *metrics, uv_loop_t *loop)
{
	uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
	metrics->now_ns = uv_hrtime();
}

void
metrics_turn(struct metrics *metrics, uv_loop_t *loop)
{
	uint64_t now = uv_hrtime(), idle = uv_metrics_idle_time(loop);
	uint64_t took = now - metrics->now_ns - (idle - metrics->idle_ns);
	int bucket = 0;

	metrics->now_ns = now;
	metrics->idle_ns = idle;
	metrics->turns_ns += took;
	while (bucket < METRICS_TURN_BUCKETS && took > turn_bounds_us[bucket] * 1000)
		bucket++;
	metrics->turns[bucket]++;
}

/* ---- the plain ones: a name, a value, a sentence ---- */

struct sample {
	const char *name; /* without the prefix chat_ */
	const char *type;
	const char *help;
	double value;
};

#define SAMPLES 20

static uint64_t
journal_bytes_of(const struct server *server)
{
	const struct journal *journal = server->journal;

	return journal->kind->bytes ? journal->kind->bytes(journal) : 0;
}

static void
samples_take(struct sample samples[SAMPLES], const struct server *server)
{
	const struct conns *conns = &server->conns;
	const struct channels *channels = &server->channels;
	const struct sample taken[SAMPLES] = {
		{"connections", "gauge", "Open connections.", (double)conns->count},
		{"connections_total", "counter", "Connections ever accepted.",
			(double)server->metrics.accepted},
		{"channels", "gauge", "Channels in memory.", (double)channels->count},
		{"messages_total", "counter", "Messages said.", (double)channels->ever.messages},
		{"deliveries_total", "counter", "Messages queued for members.",
			(double)channels->ever.deliveries},
		{"received_bytes_total", "counter", "Bytes read from connections.",
			(double)conns->bytes_in},
		{"sent_bytes_total", "counter", "Bytes written to connections.",
			(double)conns->bytes_out},
		{"queued_bytes", "gauge", "Bytes that wait for their readers.",
			(double)conns->queued_bytes},
		{"history_bytes", "gauge", "Bytes of history in memory.",
			(double)channels_history_bytes(channels)},
		{"past_readers", "gauge", "Members that are sent the past.",
			(double)server->catchup.readers},
		{"past_bytes", "gauge", "Bytes of pages of the past, and of replays.",
			(double)channels->page_cache.bytes},
		{"past_pages_total", "counter", "Pages of the past that were queued.",
			(double)server->catchup.handed},
		{"past_pages_made_total", "counter", "Pages, and replays, that were read or made.",
			(double)channels->page_cache.made},
		{"nonces", "gauge", "Nonces remembered.", (double)channels->nonces.count},
		{"tls_failures_total", "counter", "Connections that did not agree on TLS.",
			server->tls ? (double)tls_failures(server->tls) : 0},
		{"printer_dropped_total", "counter", "Events not printed: stdout had no room.",
			(double)server->line_writer.dropped_ever},
		{"notices_dropped_total", "counter", "Lines not said: stderr had no room.",
			(double)server->error_log.line_writer.dropped_ever},
		{"journal_bytes", "gauge", "Bytes of the journal.",
			(double)journal_bytes_of(server)},
		{"storage_failures_total", "counter",
			"Times the journal could not keep what was said, or its disk failed.",
			(double)server->journal->failures},
		{"up", "gauge", "1 while new connections are taken.", server->draining ? 0 : 1},
	};

	memcpy(samples, taken, sizeof(taken));
}

/* Some are counted where the connection is ended. */
static void
drops_take(uint64_t drops[METRICS_DROPS], const struct server *server)
{
	memcpy(drops, server->metrics.drops, sizeof(server->metrics.drops));
	drops[METRICS_DROP_SILENT] += server->conns.silent;
	drops[METRICS_DROP_LATE] += server->conns.late;
	drops[METRICS_DROP_RULES] += server->conns.unruly;
}

/* ---- Prometheus ---- */

static void
write_labelled(struct chat_buf *out, const char *name, const char *label, const char *value,
	uint64_t count)
{
	chat_buf_printf(out, "chat_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value, count);
}

static void
write_turns(struct chat_buf *out, const struct metrics *metrics)
{
	uint64_t sum = 0;

	chat_buf_append_string(out,
		"# HELP chat_turn_seconds How long turns of the loop took.\n"
		"# TYPE chat_turn_seconds histogram\n");
	for (int i = 0; i < METRICS_TURN_BUCKETS; i++) {
		sum += metrics->turns[i];
		chat_buf_printf(out, "chat_turn_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
			(double)turn_bounds_us[i] / 1e6, sum);
	}
	sum += metrics->turns[METRICS_TURN_BUCKETS];
	chat_buf_printf(out, "chat_turn_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", sum);
	chat_buf_printf(out, "chat_turn_seconds_sum %.9f\nchat_turn_seconds_count %" PRIu64 "\n",
		(double)metrics->turns_ns / 1e9, sum);
}

static void
write_memory(struct chat_buf *out, const struct server *server)
{
	size_t bytes[USAGE_KINDS];

	memory_usage_take(bytes, server);
	chat_buf_append_string(out,
		"# HELP chat_memory_bytes Bytes of memory, by what they are held for.\n"
		"# TYPE chat_memory_bytes gauge\n");
	for (int i = 0; i < USAGE_KINDS; i++)
		write_labelled(out, "memory_bytes", "kind", memory_usage_words[i], bytes[i]);
}

void
metrics_write_prometheus(struct chat_buf *out, const struct server *server)
{
	const struct metrics *metrics = &server->metrics;
	struct sample samples[SAMPLES];
	uint64_t drops[METRICS_DROPS];

	drops_take(drops, server);
	samples_take(samples, server);
	for (int i = 0; i < SAMPLES; i++)
		chat_buf_printf(out, "# HELP chat_%s %s\n# TYPE chat_%s %s\nchat_%s %.0f\n",
			samples[i].name, samples[i].help, samples[i].name, samples[i].type,
			samples[i].name, samples[i].value);
	chat_buf_append_string(out,
		"# HELP chat_drops_total Connections ended by the server.\n"
		"# TYPE chat_drops_total counter\n");
	for (int i = 0; i < METRICS_DROPS; i++)
		write_labelled(out, "drops_total", "reason", drop_words[i], drops[i]);
	chat_buf_append_string(out,
		"# HELP chat_errors_total Errors sent to peers.\n"
		"# TYPE chat_errors_total counter\n");
	for (int i = CHAT_OK + 1; i <= CHAT_INTERNAL; i++)
		write_labelled(out, "errors_total", "code", chat_code_word(i), metrics->errors[i]);
	write_memory(out, server);
	write_turns(out, metrics);
}

/* ---- JSON ---- */

void
metrics_write_json(struct chat_buf *out, const struct server *server)
{
	const struct metrics *metrics = &server->metrics;
	cJSON *line = cJSON_CreateObject(), *drops, *errors, *memory;
	size_t bytes[USAGE_KINDS];
	struct sample samples[SAMPLES];
	uint64_t counts[METRICS_DROPS];
	char *text;

	drops_take(counts, server);
	samples_take(samples, server);
	cJSON_AddStringToObject(line, "type", "$metrics");
	for (int i = 0; i < SAMPLES; i++)
		cJSON_AddNumberToObject(line, samples[i].name, samples[i].value);
	drops = cJSON_AddObjectToObject(line, "drops");
	for (int i = 0; i < METRICS_DROPS; i++)
		cJSON_AddNumberToObject(drops, drop_words[i], (double)counts[i]);
	errors = cJSON_AddObjectToObject(line, "errors");
	for (int i = CHAT_OK + 1; i <= CHAT_INTERNAL; i++)
		if (metrics->errors[i])
			cJSON_AddNumberToObject(
				errors, chat_code_word(i), (double)metrics->errors[i]);
	memory = cJSON_AddObjectToObject(line, "memory");
	memory_usage_take(bytes, server);
	for (int i = 0; i < USAGE_KINDS; i++)
		cJSON_AddNumberToObject(memory, memory_usage_words[i], (double)bytes[i]);
	text = cJSON_PrintUnformatted(line);
	cJSON_Delete(line);
	if (!text)
		abort();
	chat_buf_append_string(out, text);
	chat_buf_append(out, "\n", 1);
	cJSON_free(text);
}
