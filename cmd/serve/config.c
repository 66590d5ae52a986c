/*
 * The options of chat-serve and their defaults. The manual and the completions must agree with
 * them.
 */
#include "serve/config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "command/diag.h"
#include "command/opt_parse.h"
#include "serve/channel/nonces.h"
#include "serve/frame/block.h"
#include "serve/journal/options.h"

#define KIB ((int64_t)1 << 10)
#define MIB ((int64_t)1 << 20)
#define GIB ((int64_t)1 << 30)
#define MESSAGE_MAX (512 * MIB)
#define HISTORY_MAX GIB
/* Sums of amounts of memory do not overflow: 1 TiB, and 1 GiB where an address has 32 bits. */
#define MEMORY_MAX (SIZE_MAX > UINT32_MAX ? 1024 * GIB : GIB)
#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define DAY (24 * 60 * MINUTE)

_Static_assert(HISTORY_MAX + MESSAGE_MAX < BLOCK_MAX, "what goes out at once has room in a block");

static const struct config defaults = {
	.access.max_failures = 10,

	.channels.grace_ms = 2 * SECOND,
	.channels.crowd = 1000,
	.channels.max_channels = 10000,
	.channels.max_members = 10000,

	.history.replay = 50,
	.history.replay_bytes = 256 * KIB,
	.history.keep = 1000,
	.history.memory_bytes = 256 * MIB,

	.nonces.keep_ms = 5 * MINUTE,
	.nonces.max_nonces = 1000000,
	.nonces.memory_bytes = 64 * MIB,

	.journal.sync = JOURNAL_SYNC_BATCH,
	.journal.segment_bytes = 64 * MIB,
	.journal.disk_timeout_ms = 10 * SECOND,

	.cluster.name = "chat",
	.cluster.replicas = 3,

	.limits.max_message_bytes = 1 * MIB,
	.limits.max_init_bytes = 4 * KIB,
	.limits.max_fragments = 1024,
	.limits.max_connections = 10000,
	.limits.max_per_address = 64,
	.limits.max_errors = 20,

	.rates.messages = -1,
	.rates.burst = 100,
	.rates.bytes = -1,
	.rates.joins = -1,

	.memory.queue_bytes = 4 * MIB,
	.memory.queue_total_bytes = 256 * MIB,
	.memory.receive_total_bytes = 128 * MIB,
	.memory.unsynced_total_bytes = 64 * MIB,

	.timeouts.head_ms = 10 * SECOND,
	.timeouts.init_ms = 10 * SECOND,
	.timeouts.message_ms = 30 * SECOND,
	.timeouts.close_ms = 5 * SECOND,
	.timeouts.progress_ms = 30 * SECOND,
	.timeouts.ping_interval_ms = 30 * SECOND,
	.timeouts.pong_ms = 30 * SECOND,
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

#define AT(field) offsetof(struct config, field)

static const struct chat_opt options[] = {
	{.name = "Listening", .kind = CHAT_OPT_HEADING},
	{'l', "listen", CHAT_OPT_STRINGS, AT(listening.addresses), .argument = "ADDR",
		.help = "host:port, :port, [v6]:port or unix:/path; repeatable"},
	{0, "url-file", CHAT_OPT_STRING, AT(listening.url_file), .argument = "FILE",
		.help = "write the URL there once it is served"},
	{0, "origin", CHAT_OPT_STRINGS, AT(listening.origins), .argument = "ORIGIN",
		.help = "let pages of this origin connect; repeatable"},
	{0, "host", CHAT_OPT_STRINGS, AT(listening.hosts), .argument = "NAME",
		.help = "a name that the server goes by; repeatable"},
	{0, "trust-proxy", CHAT_OPT_STRINGS, AT(listening.proxies), .argument = "NETWORK",
		.help = "believe its X-Forwarded-For; repeatable"},
	{0, "proxy-protocol", CHAT_OPT_STRINGS, AT(listening.tcp_proxies), .argument = "NETWORK",
		.help = "require a PROXY protocol header from there; repeatable"},
	{0, "no-web", CHAT_OPT_FLAG, AT(listening.no_web),
		.help = "show no page to a browser that opens the address"},
	{0, "metrics", CHAT_OPT_STRING, AT(listening.metrics), .argument = "ADDR",
		.help = "serve /metrics and /healthz there"},
	{0, "loops", CHAT_OPT_STRING, AT(loops), .argument = "COUNT",
		.help = "threads that share the channels; auto: one for each core (1)"},
	{.name = "Access", .kind = CHAT_OPT_HEADING},
	{0, "tokens", CHAT_OPT_STRING, AT(access.tokens), .argument = "FILE",
		.help = "let in only who shows a token of these; SIGHUP reads it again"},
	{.name = "token",
		.kind = CHAT_OPT_REFUSED,
		.help = "others see what is on a command line: put it into a file (--tokens)"},
	{0, "new-token", CHAT_OPT_STRING, AT(access.new_token), .argument = "NAME",
		.help = "print a token for a username, and its line for the file"},
	{0, "open", CHAT_OPT_FLAG, AT(access.open), .help = "let anybody in who can connect"},
	{0, "max-failures", CHAT_OPT_NUMBER, AT(access.max_failures), .argument = "N", .min = 1,
		.max = 1000000,
		.help = "wrong tokens in a minute that bar an address: it is heard in turn (%s)"},
	{0, "user", CHAT_OPT_STRING, AT(access.user), .argument = "NAME",
		.help = "become this user once the sockets are bound; for root"},
	{0, "no-sandbox", CHAT_OPT_FLAG, AT(access.no_sandbox),
		.help = "keep files and system calls that serving does not take"},
	{.name = "TLS", .kind = CHAT_OPT_HEADING},
	{0, "tls-cert", CHAT_OPT_STRING, AT(tls.cert), .argument = "FILE",
		.help = "wss: the certificate and its chain, PEM; SIGHUP reads it again"},
	{0, "tls-key", CHAT_OPT_STRING, AT(tls.key), .argument = "FILE",
		.help = "its key, if not in the same file"},
	{0, "tls-client-ca", CHAT_OPT_STRING, AT(tls.client_ca), .argument = "FILE",
		.help = "let in only who has a certificate of that name, signed by these"},
	{.name = "Channels", .kind = CHAT_OPT_HEADING},
	{0, "stdin", CHAT_OPT_FLAG, AT(channels.read_stdin),
		.help = "post the messages on stdin as the user \"server\""},
	{0, "history", CHAT_OPT_NUMBER, AT(history.replay), .argument = "N", .max = 1000000,
		.help = "messages replayed to who joins (%s)"},
	{0, "history-bytes", CHAT_OPT_SIZE, AT(history.replay_bytes), .argument = "SIZE",
		.min = KIB, .max = HISTORY_MAX, .help = "size of that replay (%s)"},
	{0, "history-keep", CHAT_OPT_NUMBER, AT(history.keep), .argument = "N", .max = 1000000,
		.help = "messages kept per channel (%s)"},
	{0, "history-memory", CHAT_OPT_SIZE, AT(history.memory_bytes), .argument = "SIZE",
		.max = MEMORY_MAX, .help = "kept for all channels together (%s)"},
	{0, "grace", CHAT_OPT_DURATION, AT(channels.grace_ms), .argument = "TIME", .max = DAY,
		.help = "until who left is said to be offline (%s)"},
	{0, "crowd", CHAT_OPT_NUMBER, AT(channels.crowd), .argument = "N", .min = 1, .max = 1000000,
		.help = "members above which joins are not announced (%s)"},
	{0, "nonce-time", CHAT_OPT_DURATION, AT(nonces.keep_ms), .argument = "TIME", .min = SECOND,
		.max = DAY, .help = "how long a nonce is remembered (%s)"},
	{0, "max-nonces", CHAT_OPT_NUMBER, AT(nonces.max_nonces), .argument = "N", .min = 1,
		.max = INT32_MAX, .help = "how many are remembered (%s)"},
	{0, "nonce-memory", CHAT_OPT_SIZE, AT(nonces.memory_bytes), .argument = "SIZE",
		.max = MEMORY_MAX, .help = "for them and their messages (%s)"},
	{.name = "Journal", .kind = CHAT_OPT_HEADING},
	{0, "journal", CHAT_OPT_STRING, AT(journal.dir), .argument = "DIR",
		.help = "keep all messages there, and read them again at the start"},
	{0, "sync", CHAT_OPT_CHOICE, AT(journal.sync), .argument = "WHEN", .choices = syncs,
		.needs = "journal",
		.help = "always, before delivery; batch, every 100 ms; never (%s)"},
	{0, "journal-segment", CHAT_OPT_SIZE, AT(journal.segment_bytes), .argument = "SIZE",
		.min = 4 * KIB, .max = GIB, .needs = "journal",
		.help = "close a segment that is so long (%s)"},
	{0, "journal-max-bytes", CHAT_OPT_SIZE, AT(journal.max_bytes), .argument = "SIZE",
		.max = INT64_MAX, .needs = "journal",
		.help = "remove the oldest segments above that; 0 for none (%s)"},
	{0, "journal-max-age", CHAT_OPT_DURATION, AT(journal.max_age_ms), .argument = "TIME",
		.max = 36500 * DAY, .needs = "journal",
		.help = "remove segments older than that; 0 for none (%s)"},
	{0, "journal-max-messages", CHAT_OPT_NUMBER, AT(journal.max_messages), .argument = "N",
		.max = INT32_MAX, .needs = "journal",
		.help = "keep the newest of each channel; 0 for all (%s)"},
	{0, "disk-timeout", CHAT_OPT_DURATION, AT(journal.disk_timeout_ms), .argument = "TIME",
		.min = 1, .max = DAY, .needs = "journal",
		.help = "for the disk to answer, also at the end (%s)"},
	{0, "repair", CHAT_OPT_FLAG, AT(journal.repair), .needs = "journal",
		.help = "take damaged lines out of the journal, aside"},
	{.name = "Cluster", .kind = CHAT_OPT_HEADING},
	{0, "cluster", CHAT_OPT_STRING, AT(cluster.urls), .argument = "URL,...",
		.help = "one chat with other servers, by these nats-servers, nats: or tls:"},
	{0, "cluster-name", CHAT_OPT_STRING, AT(cluster.name), .argument = "NAME",
		.needs = "cluster", .help = "which chat, of several on the nats-servers (%s)"},
	{0, "cluster-replicas", CHAT_OPT_NUMBER, AT(cluster.replicas), .argument = "N", .min = 1,
		.max = 5, .needs = "cluster",
		.help = "copies of each message, if the stream is to be made (%s)"},
	{0, "cluster-wait", CHAT_OPT_DURATION, AT(cluster.wait_ms), .argument = "TIME", .max = DAY,
		.needs = "cluster", .help = "for the nats-servers at the start; 0 for ever (%s)"},
	{0, "cluster-creds", CHAT_OPT_STRING, AT(cluster.creds), .argument = "FILE",
		.needs = "cluster", .help = "credentials of NATS"},
	{0, "cluster-ca", CHAT_OPT_STRING, AT(cluster.ca), .argument = "FILE", .needs = "cluster",
		.help = "trust nats-servers with certificates signed by these"},
	{0, "cluster-cert", CHAT_OPT_STRING, AT(cluster.cert), .argument = "FILE",
		.needs = "cluster", .help = "the certificate to show to the nats-servers"},
	{0, "cluster-key", CHAT_OPT_STRING, AT(cluster.key), .argument = "FILE", .needs = "cluster",
		.help = "its key, if not in the same file"},
	{.name = "Limits", .kind = CHAT_OPT_HEADING},
	{0, "max-message", CHAT_OPT_SIZE, AT(limits.max_message_bytes), .argument = "SIZE",
		.min = KIB, .max = MESSAGE_MAX, .help = "largest message (%s)"},
	{0, "max-init", CHAT_OPT_SIZE, AT(limits.max_init_bytes), .argument = "SIZE", .min = 256,
		.max = NONCE_ID_MAX, .help = "largest message before init is done (%s)"},
	{0, "max-fragments", CHAT_OPT_NUMBER, AT(limits.max_fragments), .argument = "N", .min = 1,
		.max = INT32_MAX, .help = "fragments of a message (%s)"},
	{0, "max-connections", CHAT_OPT_NUMBER, AT(limits.max_connections), .argument = "N",
		.min = 1, .max = 10000000, .help = "connections in all (%s)"},
	{0, "max-per-address", CHAT_OPT_NUMBER, AT(limits.max_per_address), .argument = "N",
		.min = 1, .max = 10000000,
		.help = "connections of one address, loopback exempt (%s)"},
	{0, "max-channels", CHAT_OPT_NUMBER, AT(channels.max_channels), .argument = "N", .min = 1,
		.max = 10000000, .help = "channels (%s)"},
	{0, "max-members", CHAT_OPT_NUMBER, AT(channels.max_members), .argument = "N", .min = 1,
		.max = 10000000, .help = "connections in one channel (%s)"},
	{0, "max-errors", CHAT_OPT_NUMBER, AT(limits.max_errors), .argument = "N", .min = 1,
		.max = 1000000, .help = "bad messages in 10 s that end a connection (%s)"},
	{0, "rate", CHAT_OPT_NUMBER, AT(rates.messages), .argument = "N", .max = 1000000,
		.implied = CONFIG_OPEN_RATE,
		.help = "messages per second, 0 for any (%s beyond this machine)"},
	{0, "burst", CHAT_OPT_NUMBER, AT(rates.burst), .argument = "N", .min = 1, .max = 1000000,
		.help = "messages above that at once (%s)"},
	{0, "rate-bytes", CHAT_OPT_SIZE, AT(rates.bytes), .argument = "SIZE", .max = GIB,
		.implied = CONFIG_OPEN_RATE_BYTES,
		.help = "their bytes per second, 0 for any (%s beyond this machine)"},
	{0, "rate-join", CHAT_OPT_NUMBER, AT(rates.joins), .argument = "N", .max = 1000000,
		.implied = CONFIG_OPEN_RATE_JOIN,
		.help = "joins and new channels per second, 0 for any (%s beyond this machine)"},
	{0, "queue", CHAT_OPT_SIZE, AT(memory.queue_bytes), .argument = "SIZE", .min = 64 * KIB,
		.max = GIB, .help = "unread bytes that end a connection (%s)"},
	{0, "queue-total", CHAT_OPT_SIZE, AT(memory.queue_total_bytes), .argument = "SIZE",
		.min = MIB, .max = MEMORY_MAX, .help = "memory for what all have not read (%s)"},
	{0, "receive-total", CHAT_OPT_SIZE, AT(memory.receive_total_bytes), .argument = "SIZE",
		.min = MIB, .max = MEMORY_MAX,
		.help = "memory for messages that are half there (%s)"},
	{0, "unsynced-total", CHAT_OPT_SIZE, AT(memory.unsynced_total_bytes), .argument = "SIZE",
		.min = MIB, .max = MEMORY_MAX,
		.help = "memory for messages that wait for the journal (%s)"},
	{.name = "Times", .kind = CHAT_OPT_HEADING},
	{0, "head-timeout", CHAT_OPT_DURATION, AT(timeouts.head_ms), .argument = "TIME", .min = 1,
		.max = DAY, .help = "for the request head (%s)"},
	{0, "init-timeout", CHAT_OPT_DURATION, AT(timeouts.init_ms), .argument = "TIME", .min = 1,
		.max = DAY, .help = "for init (%s)"},
	{0, "message-timeout", CHAT_OPT_DURATION, AT(timeouts.message_ms), .argument = "TIME",
		.min = 1, .max = DAY, .help = "for one message to arrive (%s)"},
	{0, "close-timeout", CHAT_OPT_DURATION, AT(timeouts.close_ms), .argument = "TIME", .min = 1,
		.max = DAY, .help = "for the answer to a Close (%s)"},
	{0, "progress-timeout", CHAT_OPT_DURATION, AT(timeouts.progress_ms), .argument = "TIME",
		.min = 1, .max = DAY, .help = "for a queue in which nothing moves (%s)"},
	{0, "ping-interval", CHAT_OPT_DURATION, AT(timeouts.ping_interval_ms), .argument = "TIME",
		.min = 1, .max = DAY, .help = "of silence before a ping (%s)"},
	{0, "ping-timeout", CHAT_OPT_DURATION, AT(timeouts.pong_ms), .argument = "TIME", .min = 1,
		.max = DAY, .help = "for its answer (%s)"},
	{.name = "Output", .kind = CHAT_OPT_HEADING},
	{'q', "quiet", CHAT_OPT_FLAG, AT(output.quiet), .help = "print no events on stdout"},
	{'v', "verbose", CHAT_OPT_FLAG, AT(output.verbose),
		.help = "say on stderr who comes, goes and is refused"},
	{0},
};

/* Returns the number of --loops, or 0 if it is none. */
static size_t
loops_read(const char *text)
{
	char *end;
	long number;

	if (strcmp(text, "auto") == 0) {
		size_t cores = uv_available_parallelism();

		return cores < CONFIG_LOOPS_MAX ? cores : CONFIG_LOOPS_MAX;
	}
	number = strtol(text, &end, 10);
	return *text < '0' || *text > '9' || *end || number < 1 || number > CONFIG_LOOPS_MAX
		? 0
		: (size_t)number;
}

size_t
config_loops(const struct config *config)
{
	return config->loops ? loops_read(config->loops) : 1;
}

/* The cluster has one order for all channels, so it needs one loop. */
static void
check_loops(const struct config *config)
{
	int64_t loops = (int64_t)config_loops(config);

	if (loops == 0)
		chat_die_usage("--loops %s: a number from 1 to %d, or auto", config->loops,
			CONFIG_LOOPS_MAX);
	if (loops > 1 && config->cluster.urls)
		chat_die_usage(
			"--loops %s: with --cluster there can be one loop only", config->loops);
	if (config->channels.max_channels < loops)
		chat_die_usage("--max-channels is at least --loops (%d)", (int)loops);
}

static void
check_journal(const struct config *config)
{
	int64_t max_bytes = config->journal.max_bytes;

	if (max_bytes && max_bytes < 16 * KIB)
		chat_die_usage("--journal-max-bytes is 0 or at least 16k");
}

/* The server drops a peer if its send queue is too long, so every message must fit into a queue. */
static void
check_queue(const struct config *config)
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
	int operand;

	*config = defaults;
	operand = chat_opt_parse(argc, argv, options, &usage, config);
	if (operand < argc)
		chat_die_usage("%s: there are no operands; --listen=ADDR is where to listen",
			argv[operand]);
	if (!config->tls.cert && (config->tls.key || config->tls.client_ca))
		chat_die_usage("TLS needs --tls-cert");
	check_journal(config);
	check_queue(config);
	check_loops(config);
}

void
config_free(struct config *config)
{
	chat_strings_free(&config->listening.addresses);
	chat_strings_free(&config->listening.origins);
	chat_strings_free(&config->listening.hosts);
	chat_strings_free(&config->listening.proxies);
	chat_strings_free(&config->listening.tcp_proxies);
}
