/*
 * Measures how many messages a second a stream of NATS JetStream acknowledges, and after how long,
 * if each message is published alone: what chat-serve --cluster, which publishes batches, is
 * compared with. Each sender waits for the acknowledgement of its message, and publishes the next
 * one. Everything is done with libnats, on its threads. It prints a line of JSON.
 */
#include <inttypes.h>
#include <nats/nats.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ack_load.h"
#include "command/diag.h"
#include "command/opt_parse.h"
#include "text/buf.h"

#define STREAM "BENCH"
#define SUBJECT "bench."
#define INBOX "_INBOX.bench."
#define CONNECTIONS_MAX 16
#define START_MS 20000 /* for the nats-servers to elect a leader */

struct bench {
	struct chat_strings urls;
	struct ack_load load;
	int64_t connections, replicas;
	bool asap;
	sem_t over; /* posted by each connection that has seen the end */
};

/* A connection with its senders. Its callback runs on one thread. */
struct line {
	struct bench *bench;
	natsConnection *connection;
	natsSubscription *answers;
	int number;
	uint64_t *began_ns; /* by sender */
	uint64_t published;
	bool is_over;
	struct durations latency;
};

static void
need(natsStatus status, const char *what)
{
	if (status != NATS_OK)
		chat_die(CHAT_EXIT_UNAVAILABLE, "%s: %s", what, natsStatus_GetText(status));
}

/* ---- publishing ---- */

static void
publish(struct line *line, int64_t sender)
{
	char subject[64], reply[64], id[64];
	natsMsg *msg;

	snprintf(subject, sizeof(subject), SUBJECT "s%" PRId64, sender);
	snprintf(reply, sizeof(reply), INBOX "%d.%" PRId64, line->number, sender);
	snprintf(id, sizeof(id), "%x-%d-%" PRIx64, (unsigned)getpid(), line->number,
		line->published++);
	line->began_ns[sender] = usage_now_ns();
	need(natsMsg_Create(
		     &msg, subject, reply, line->bench->load.text, (int)line->bench->load.bytes),
		"message");
	need(natsMsgHeader_Set(msg, "Nats-Msg-Id", id), "header");
	need(natsConnection_PublishMsg(line->connection, msg), "publish");
	natsMsg_Destroy(msg);
}

static void
on_answer(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *arg)
{
	struct line *line = arg;
	int64_t sender = strtoll(strrchr(natsMsg_GetSubject(msg), '.') + 1, NULL, 10);
	uint64_t now_ns = usage_now_ns();

	(void)connection;
	(void)sub;
	if (!memmem(natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg), "\"seq\"", 5))
		chat_die(CHAT_EXIT_NO, "not stored: %.*s", natsMsg_GetDataLength(msg),
			natsMsg_GetData(msg));
	ack_load_count(&line->bench->load, &line->latency, line->began_ns[sender], now_ns);
	natsMsg_Destroy(msg);
	if (now_ns < line->bench->load.end_ns)
		publish(line, sender);
	else if (!line->is_over)
		sem_post(&line->bench->over);
	line->is_over = now_ns >= line->bench->load.end_ns;
}

/* ---- beginning ---- */

static natsOptions *
options_of(const struct bench *bench, int number)
{
	natsOptions *options;

	need(natsOptions_Create(&options), "options");
	need(natsOptions_SetURL(options, bench->urls.at[(size_t)number % bench->urls.count]),
		"--url");
	need(natsOptions_SetSendAsap(options, bench->asap), "options");
	return options;
}

static void
make_stream(const struct bench *bench, natsConnection *connection)
{
	uint64_t end_ns = usage_now_ns() + START_MS * UINT64_C(1000000);
	const char *subjects = SUBJECT ">";
	jsStreamConfig config;
	jsErrCode code;
	natsStatus status;
	jsCtx *js;

	need(natsConnection_JetStream(&js, connection, NULL), "JetStream");
	jsStreamConfig_Init(&config);
	config.Name = STREAM;
	config.Subjects = &subjects;
	config.SubjectsLen = 1;
	config.Storage = js_FileStorage;
	config.Replicas = bench->replicas;
	do
		status = js_AddStream(NULL, js, &config, NULL, &code);
	while (status != NATS_OK && usage_now_ns() < end_ns);
	need(status, "stream");
	jsCtx_Destroy(js);
}

static void
line_open(struct line *line, struct bench *bench, int number)
{
	natsOptions *options = options_of(bench, number);
	char inbox[64];

	*line = (struct line){.bench = bench, .number = number};
	line->began_ns = chat_alloc_zeroed((size_t)bench->load.senders, sizeof(*line->began_ns));
	need(natsConnection_Connect(&line->connection, options), "connect");
	natsOptions_Destroy(options);
	snprintf(inbox, sizeof(inbox), INBOX "%d.*", number);
	need(natsConnection_Subscribe(&line->answers, line->connection, inbox, on_answer, line),
		"subscribe");
}

/* ---- the run ---- */

static void
print(const struct bench *bench, const struct line *lines)
{
	struct durations all = {0};

	for (int64_t i = 0; i < bench->connections; i++) {
		all.count += lines[i].latency.count;
		if (all.max_ns < lines[i].latency.max_ns)
			all.max_ns = lines[i].latency.max_ns;
		for (size_t j = 0; j < USAGE_BUCKETS; j++)
			all.bucket[j] += lines[i].latency.bucket[j];
	}
	ack_load_print(&bench->load, &all);
}

/* Waits until all connections have seen the end. */
static void
bench_wait(struct bench *bench)
{
	struct timespec deadline;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += 2 * bench->load.time_ms / 1000 + START_MS / 1000;
	for (int64_t i = 0; i < bench->connections; i++)
		if (sem_timedwait(&bench->over, &deadline) < 0)
			chat_die(CHAT_EXIT_UNAVAILABLE, "nothing is acknowledged any more");
}

/* Ends the process without a word to the library, whose threads may still be in their callbacks. */
_Noreturn static void
bench_run(struct bench *bench)
{
	struct line *lines = chat_alloc_zeroed((size_t)bench->connections, sizeof(*lines));

	sem_init(&bench->over, 0, 0);
	for (int64_t i = 0; i < bench->connections; i++)
		line_open(&lines[i], bench, (int)i);
	make_stream(bench, lines[0].connection);
	ack_load_begin(&bench->load);
	for (int64_t i = 0; i < bench->load.senders; i++)
		publish(&lines[i % bench->connections], i);
	bench_wait(bench);
	print(bench, lines);
	fflush(stdout);
	_exit(CHAT_EXIT_OK);
}

int
main(int argc, char **argv)
{
	struct bench bench = {.load = ACK_LOAD_DEFAULTS, .connections = 1, .replicas = 3};
	const struct chat_usage usage = {.synopsis = "--url URL [OPTION...]",
		.about = "Measure how fast JetStream acknowledges; prints one line of JSON."};
	const struct chat_opt table[] = {
		{.kind = CHAT_OPT_STRINGS,
			.letter = 'U',
			.name = "url",
			.offset = offsetof(struct bench, urls),
			.argument = "URL",
			.help = "of a nats-server; repeatable: connections take turns"},
		{.kind = CHAT_OPT_NUMBER,
			.name = "connections",
			.offset = offsetof(struct bench, connections),
			.argument = "N",
			.help = "that the senders share (1)",
			.min = 1,
			.max = CONNECTIONS_MAX},
		ACK_LOAD_OPTIONS(offsetof(struct bench, load)),
		{.kind = CHAT_OPT_NUMBER,
			.name = "replicas",
			.offset = offsetof(struct bench, replicas),
			.argument = "N",
			.help = "of the stream (3)",
			.min = 1,
			.max = 5},
		{.kind = CHAT_OPT_FLAG,
			.name = "asap",
			.offset = offsetof(struct bench, asap),
			.help = "each message is written at once, not gathered by a thread of "
				"libnats"},
		{0},
	};

	chat_start();
	if (chat_opt_parse(argc, argv, table, &usage, &bench) < argc || !bench.urls.count)
		chat_die_usage("--url is wanted, and no operands");
	need(nats_Open(-1), "libnats");
	bench_run(&bench);
}
