/* The options of chat-serve and their defaults; the manual and the completions are held to this
 * table. */
#include "serve/config.h"

#include <stdlib.h>
#include <string.h>

#include "command/diag.h"
#include "serve/channel/nonces.h"
#include "serve/frame/block.h"
#include "serve/journal/options.h"

#define KIB ((int64_t)1 << 10)
#define MIB ((int64_t)1 << 20)
#define GIB ((int64_t)1 << 30)
#define MESSAGE_MAX (512 * MIB)
#define HISTORY_MAX GIB
#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define DAY (24 * 60 * MINUTE)

_Static_assert(HISTORY_MAX + MESSAGE_MAX < BLOCK_MAX, "what goes out at once has room in a block");

static const struct config defaults = {
	.journal.sync = JOURNAL_SYNC_BATCH,
	.journal.segment_bytes = 64 * MIB,
	.journal.disk_timeout_ms = 10 * SECOND,
	.history.replay = 50,
	.history.replay_bytes = 256 * KIB,
	.history.keep = 1000,
	.history.memory_bytes = 256 * MIB,
	.limits.max_message_bytes = 1 * MIB,
	.limits.max_init_bytes = 4 * KIB,
	.limits.max_fragments = 1024,
	.limits.max_connections = 10000,
	.limits.max_per_address = 64,
	.channels.max_channels = 10000,
	.channels.max_members = 10000,
	.limits.max_errors = 20,
	.access.max_failures = 10,
	.nonces.max_nonces = 1000000,
	.nonces.memory_bytes = 64 * MIB,
	.channels.crowd = 1000,
	.memory.queue_bytes = 4 * MIB,
	.memory.queue_total_bytes = 256 * MIB,
	.memory.receive_total_bytes = 128 * MIB,
	.memory.unsynced_total_bytes = 64 * MIB,
	.rates.messages = -1,
	.rates.bytes = -1,
	.rates.joins = -1,
	.rates.burst = 100,
	.timeouts.head_ms = 10 * SECOND,
	.timeouts.init_ms = 10 * SECOND,
	.timeouts.message_ms = 30 * SECOND,
	.timeouts.close_ms = 5 * SECOND,
	.timeouts.progress_ms = 30 * SECOND,
	.timeouts.ping_interval_ms = 30 * SECOND,
	.timeouts.pong_ms = 30 * SECOND,
	.channels.grace_ms = 2 * SECOND,
	.nonces.keep_ms = 5 * MINUTE,
};

static const char *const syncs[] = {
	[JOURNAL_SYNC_ALWAYS] = "always",
	[JOURNAL_SYNC_BATCH] = "batch",
	[JOURNAL_SYNC_NEVER] = "never",
	[JOURNAL_SYNC_NEVER + 1] = NULL,
};

static const struct chat_usage usage = {
	.synopsis = "[OPTION...]",
	.about = "Run a chat server: channels over WebSocket, events as NDJSON on stdout.",
	.epilogue = "Without options it listens on 127.0.0.1:3001 and [::1]:3001.",
};

#define HEADING(text) \
	{ \
		.kind = CHAT_OPT_HEADING, .name = (text) \
	}
#define OPTION(k, l, n, v, a, h) \
	.kind = (k), .letter = (l), .name = (n), .into = (v), .argument = (a), .help = (h)
#define STRING(n, v, a, h) \
	{ \
		OPTION(CHAT_OPT_STRING, 0, n, v, a, h) \
	}
#define STRINGS(l, n, v, a, h) \
	{ \
		OPTION(CHAT_OPT_STRINGS, l, n, v, a, h) \
	}
#define FLAG(l, n, v, h) \
	{ \
		OPTION(CHAT_OPT_FLAG, l, n, v, NULL, h) \
	}
#define NUMBER(n, v, low, high, h) \
	{ \
		OPTION(CHAT_OPT_NUMBER, 0, n, v, "N", h), .min = (low), .max = (high) \
	}
#define SIZE(n, v, low, high, h) \
	{ \
		OPTION(CHAT_OPT_SIZE, 0, n, v, "SIZE", h), .min = (low), .max = (high) \
	}
#define CHOICE(n, v, words, h) \
	{ \
		OPTION(CHAT_OPT_CHOICE, 0, n, v, "WHEN", h), .choices = (words) \
	}
#define TIME(n, v, low, h) \
	{ \
		OPTION(CHAT_OPT_DURATION, 0, n, v, "TIME", h), .min = (low), .max = DAY \
	}

#define AGE(n, v, h) \
	{ \
		OPTION(CHAT_OPT_DURATION, 0, n, v, "TIME", h), .max = 36500 * DAY \
	}

/* ---- what does not go together ---- */

#define TABLE_MAX 80

/* Notes which options under "Journal" are given. */
static void
journal_watch(struct chat_opt *table, bool given[TABLE_MAX])
{
	bool within = false;

	for (size_t i = 0; table[i].name; i++) {
		if (i == TABLE_MAX)
			abort();
		if (table[i].kind == CHAT_OPT_HEADING)
			within = strcmp(table[i].name, "Journal") == 0;
		else if (within)
			table[i].given = &given[i];
	}
}

static void
journal_check(
	const struct config *config, const struct chat_opt *table, const bool given[TABLE_MAX])
{
	for (size_t i = 0; table[i].name && !config->journal.dir; i++)
		if (given[i])
			chat_die_usage("--%s is about a --journal", table[i].name);
	if (config->journal.max_bytes && config->journal.max_bytes < 16 * KIB)
		chat_die_usage("--journal-max-bytes is 0 or at least 16k");
}

/* A reader of such a message would be dropped for it. */
static void
queue_check(const struct config *config)
{
	if (config->limits.max_message_bytes <= config->memory.queue_bytes)
		return;
	chat_die_usage("--max-message (%lld bytes) is above --queue (%lld bytes): whoever was sent "
		       "such a message would be dropped",
		(long long)config->limits.max_message_bytes, (long long)config->memory.queue_bytes);
}

void
config_read(struct config *config, int argc, char **argv)
{
	struct config *c = config;
	bool given[TABLE_MAX] = {0};
	struct chat_opt table[] = {
		HEADING("Listening"),
		STRINGS('l', "listen", &c->listening.addresses, "ADDR",
			"host:port, :port, [v6]:port or unix:/path; repeatable"),
		STRING("url-file", &c->listening.url_file, "FILE",
			"write the URL there once it is served"),
		STRINGS(0, "origin", &c->listening.origins, "ORIGIN",
			"let pages of this origin connect; repeatable"),
		STRINGS(0, "host", &c->listening.hosts, "NAME",
			"a name that the server goes by; repeatable"),
		STRINGS(0, "trust-proxy", &c->listening.proxies, "NETWORK",
			"believe its X-Forwarded-For; repeatable"),
		STRING("metrics", &c->listening.metrics, "ADDR",
			"serve /metrics and /healthz there"),
		HEADING("Access"),
		STRING("tokens", &c->access.tokens, "FILE",
			"let in only who shows a token of these; SIGHUP reads it again"),
		{.name = "token",
			.kind = CHAT_OPT_REFUSED,
			.help = "others see what is on a command line: put it into a file "
				"(--tokens)"},
		STRING("new-token", &c->access.new_token, "NAME",
			"print a token for a username, and its line for the file"),
		FLAG(0, "open", &c->access.open, "let anybody in who can connect"),
		NUMBER("max-failures", &c->access.max_failures, 1, 1000000,
			"wrong tokens in a minute that bar an address: it is heard in turn (10)"),
		STRING("user", &c->access.user, "NAME",
			"become this user once the sockets are bound; for root"),
		FLAG(0, "no-sandbox", &c->access.no_sandbox,
			"keep files and system calls that serving does not take"),
		HEADING("TLS"),
		STRING("tls-cert", &c->tls.cert, "FILE",
			"wss: the certificate and its chain, PEM; SIGHUP reads it again"),
		STRING("tls-key", &c->tls.key, "FILE", "its key, if not in the same file"),
		STRING("tls-client-ca", &c->tls.client_ca, "FILE",
			"let in only who has a certificate of that name, signed by these"),
		HEADING("Channels"),
		FLAG(0, "stdin", &c->channels.read_stdin,
			"post the messages on stdin as the user \"server\""),
		NUMBER("history", &c->history.replay, 0, 1000000,
			"messages replayed to who joins (50)"),
		SIZE("history-bytes", &c->history.replay_bytes, KIB, HISTORY_MAX,
			"size of that replay (256k)"),
		NUMBER("history-keep", &c->history.keep, 0, 1000000,
			"messages kept per channel (1000)"),
		SIZE("history-memory", &c->history.memory_bytes, 0, 1024 * GIB,
			"kept for all channels together (256M)"),
		TIME("grace", &c->channels.grace_ms, 0,
			"until who left is said to be offline (2s)"),
		NUMBER("crowd", &c->channels.crowd, 1, 1000000,
			"members above which joins are not announced (1000)"),
		TIME("nonce-time", &c->nonces.keep_ms, SECOND,
			"how long a nonce is remembered (5m)"),
		NUMBER("max-nonces", &c->nonces.max_nonces, 1, INT32_MAX,
			"how many are remembered (1000000)"),
		SIZE("nonce-memory", &c->nonces.memory_bytes, 0, 1024 * GIB,
			"for them and their messages (64M)"),
		HEADING("Journal"),
		STRING("journal", &c->journal.dir, "DIR",
			"keep all messages there, and read them again at the start"),
		CHOICE("sync", &c->journal.sync, syncs,
			"always, before delivery; batch, every 100 ms; never (batch)"),
		SIZE("journal-segment", &c->journal.segment_bytes, 4 * KIB, GIB,
			"close a segment that is so long (64M)"),
		SIZE("journal-max-bytes", &c->journal.max_bytes, 0, INT64_MAX,
			"remove the oldest segments above that; 0 for none (0)"),
		AGE("journal-max-age", &c->journal.max_age_ms,
			"remove segments older than that; 0 for none (0)"),
		NUMBER("journal-max-messages", &c->journal.max_messages, 0, INT32_MAX,
			"keep the newest of each channel; 0 for all (0)"),
		TIME("disk-timeout", &c->journal.disk_timeout_ms, 1,
			"for the disk to answer, also at the end (10s)"),
		FLAG(0, "repair", &c->journal.repair,
			"take damaged lines out of the journal, aside"),
		HEADING("Limits"),
		SIZE("max-message", &c->limits.max_message_bytes, KIB, MESSAGE_MAX,
			"largest message (1M)"),
		SIZE("max-init", &c->limits.max_init_bytes, 256, NONCE_ID_MAX,
			"largest message before init is done (4k)"),
		NUMBER("max-fragments", &c->limits.max_fragments, 1, INT32_MAX,
			"fragments of a message (1024)"),
		NUMBER("max-connections", &c->limits.max_connections, 1, 10000000,
			"connections in all (10000)"),
		NUMBER("max-per-address", &c->limits.max_per_address, 1, 10000000,
			"connections of one address, loopback exempt (64)"),
		NUMBER("max-channels", &c->channels.max_channels, 1, 10000000, "channels (10000)"),
		NUMBER("max-members", &c->channels.max_members, 1, 10000000,
			"connections in one channel (10000)"),
		NUMBER("max-errors", &c->limits.max_errors, 1, 1000000,
			"bad messages in 10 s that end a connection (20)"),
		NUMBER("rate", &c->rates.messages, 0, 1000000,
			"messages per second, 0 for any (20 beyond this machine)"),
		NUMBER("burst", &c->rates.burst, 1, 1000000, "messages above that at once (100)"),
		SIZE("rate-bytes", &c->rates.bytes, 0, GIB,
			"their bytes per second, 0 for any (1M beyond this machine)"),
		NUMBER("rate-join", &c->rates.joins, 0, 1000000,
			"joins and new channels per second, 0 for any (10 beyond this machine)"),
		SIZE("queue", &c->memory.queue_bytes, 64 * KIB, GIB,
			"unread bytes that end a connection (4M)"),
		SIZE("queue-total", &c->memory.queue_total_bytes, MIB, 1024 * GIB,
			"memory for what all have not read (256M)"),
		SIZE("receive-total", &c->memory.receive_total_bytes, MIB, 1024 * GIB,
			"memory for messages that are half there (128M)"),
		SIZE("unsynced-total", &c->memory.unsynced_total_bytes, MIB, 1024 * GIB,
			"memory for messages that wait for the journal (64M)"),
		HEADING("Times"),
		TIME("head-timeout", &c->timeouts.head_ms, 1, "for the request head (10s)"),
		TIME("init-timeout", &c->timeouts.init_ms, 1, "for init (10s)"),
		TIME("message-timeout", &c->timeouts.message_ms, 1,
			"for one message to arrive (30s)"),
		TIME("close-timeout", &c->timeouts.close_ms, 1, "for the answer to a Close (5s)"),
		TIME("progress-timeout", &c->timeouts.progress_ms, 1,
			"for a queue in which nothing moves (30s)"),
		TIME("ping-interval", &c->timeouts.ping_interval_ms, 1,
			"of silence before a ping (30s)"),
		TIME("ping-timeout", &c->timeouts.pong_ms, 1, "for its answer (30s)"),
		HEADING("Output"),
		FLAG('q', "quiet", &c->output.quiet, "print no events on stdout"),
		FLAG('v', "verbose", &c->output.verbose,
			"say on stderr who comes, goes and is refused"),
		{.name = NULL},
	};

	*config = defaults;
	journal_watch(table, given);
	if (chat_opt_parse(argc, argv, table, &usage) < argc)
		chat_die_usage("operands are not taken");
	if (!config->tls.cert && (config->tls.key || config->tls.client_ca))
		chat_die_usage("TLS needs --tls-cert");
	journal_check(config, table, given);
	queue_check(config);
}

void
config_free(struct config *config)
{
	chat_strings_free(&config->listening.addresses);
	chat_strings_free(&config->listening.origins);
	chat_strings_free(&config->listening.hosts);
	chat_strings_free(&config->listening.proxies);
}
