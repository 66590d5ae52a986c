/*
 * A load generator for chat servers: members that speak, listen and check what they hear
 * (load_fanout), connections that come and go (load_churn), and connections that stay idle
 * (load_idle). The caller pins it to a core of its own.
 */
#include "load.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "command/diag.h"
#include "command/opt_parse.h"
#include "command/units.h"
#include "load_text.h"
#include "load_usage.h"

#define TEXT_BYTES_MAX 1000

static const struct chat_usage usage = {
	.synopsis = "--url ws[s]://ADDRESS:PORT/ [OPTION...]",
	.about = "Measure a chat server; prints one line of JSON.",
};

static const struct chat_opt options[] = {
	{.kind = CHAT_OPT_STRINGS,
		.letter = 'U',
		.name = "url",
		.offset = offsetof(struct load, urls),
		.argument = "URL",
		.help = "the server, by its IPv4 address; repeatable: members take turns"},
	{.kind = CHAT_OPT_STRINGS,
		.name = "pid",
		.offset = offsetof(struct load, pids),
		.argument = "PID",
		.help = "of the server: measure its CPU time and memory; repeatable"},
	{.kind = CHAT_OPT_HEADING, .name = "Fan-out"},
	{.kind = CHAT_OPT_NUMBER,
		.letter = 'N',
		.name = "members",
		.offset = offsetof(struct load, members),
		.argument = "N",
		.help = "of the channel, senders included (200)",
		.min = 1,
		.max = 1000000},
	{.kind = CHAT_OPT_NUMBER,
		.letter = 'S',
		.name = "senders",
		.offset = offsetof(struct load, senders),
		.argument = "N",
		.help = "members that speak (32)",
		.min = 1,
		.max = TEXT_SENDERS_MAX},
	{.kind = CHAT_OPT_NUMBER,
		.letter = 'W',
		.name = "window",
		.offset = offsetof(struct load, window),
		.argument = "N",
		.help = "texts of a sender on the way (16)",
		.min = 1,
		.max = 10000},
	{.kind = CHAT_OPT_NUMBER,
		.name = "rate",
		.offset = offsetof(struct load, rate),
		.argument = "N",
		.help = "texts per second of all senders, evenly spread; no window",
		.min = 1,
		.max = 10000000},
	{.kind = CHAT_OPT_NUMBER,
		.letter = 'B',
		.name = "bytes",
		.offset = offsetof(struct load, bytes),
		.argument = "N",
		.help = "of a text (64)",
		.min = TEXT_BYTES_MIN,
		.max = TEXT_BYTES_MAX},
	{.kind = CHAT_OPT_DURATION,
		.name = "time",
		.offset = offsetof(struct load, time_ms),
		.argument = "TIME",
		.help = "that is measured (3s)",
		.min = 10},
	{.kind = CHAT_OPT_DURATION,
		.name = "warmup",
		.offset = offsetof(struct load, warmup_ms),
		.argument = "TIME",
		.help = "before it (500ms)",
		.min = 0},
	{.kind = CHAT_OPT_FLAG,
		.name = "verify",
		.offset = offsetof(struct load, verify),
		.help = "every member checks every frame, not a sample"},
	{.kind = CHAT_OPT_HEADING, .name = "Connections"},
	{.kind = CHAT_OPT_NUMBER,
		.name = "churn",
		.offset = offsetof(struct load, churn),
		.argument = "N",
		.help = "connect, init and leave so many times",
		.min = 1,
		.max = 10000000},
	{.kind = CHAT_OPT_NUMBER,
		.name = "at-once",
		.offset = offsetof(struct load, at_once),
		.argument = "N",
		.help = "connections under way (64)",
		.min = 1,
		.max = 1000},
	{.kind = CHAT_OPT_NUMBER,
		.name = "idle",
		.offset = offsetof(struct load, idle),
		.argument = "N",
		.help = "connect and init so many, and stay; needs --pid",
		.min = 2,
		.max = 1000000},
	{.kind = CHAT_OPT_NUMBER,
		.name = "per-channel",
		.offset = offsetof(struct load, per_channel),
		.argument = "N",
		.help = "idle ones in a channel (100)",
		.min = 1,
		.max = 1000000},
	{.kind = CHAT_OPT_NUMBER,
		.name = "beside",
		.offset = offsetof(struct load, beside),
		.argument = "N",
		.help = "members of the channel who stay during --churn (0)",
		.min = 0,
		.max = 1000000},
	{.kind = CHAT_OPT_FLAG,
		.name = "seen",
		.offset = offsetof(struct load, seen),
		.help = "during --churn nobody is hidden"},
	{0},
};

static void
server_read(struct load_server *server, const char *url)
{
	struct chat_err err;

	if (chat_url_parse(&server->url, url, &err) < 0)
		chat_die_usage("%s", err.text);
	server->address.sin_family = AF_INET;
	server->address.sin_port = htons((uint16_t)server->url.port);
	if (inet_pton(AF_INET, server->url.host, &server->address.sin_addr) != 1)
		chat_die_usage("the URL is to have an IPv4 address");
	snprintf(server->host_port, sizeof(server->host_port), "%.15s:%u", server->url.host,
		server->url.port);
}

static void
load_read(struct load *load, int argc, char **argv)
{
	struct chat_err err;

	if (chat_opt_parse(argc, argv, options, &usage, load) < argc)
		chat_die_usage("operands are not taken");
	if (!load->urls.count)
		chat_die_usage("--url is missing");
	if (load->urls.count > LOAD_SERVERS_MAX || load->pids.count > LOAD_SERVERS_MAX)
		chat_die_usage("at most %d servers", LOAD_SERVERS_MAX);
	if (load->senders > load->members)
		chat_die_usage("there are more senders than members");
	for (size_t i = 0; i < load->urls.count; i++)
		server_read(&load->servers[load->server_count++], load->urls.at[i]);
	for (size_t i = 0; i < load->pids.count; i++)
		if (chat_integer_read(&load->pid[load->pid_count++], load->pids.at[i], &err) < 0)
			chat_die_usage("--pid: %s", err.text);
	chat_strings_free(&load->urls);
	chat_strings_free(&load->pids);
}

uint64_t
load_servers_cpu_ns(const struct load *load)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < load->pid_count; i++)
		ns += usage_cpu_ns(load->pid[i]);
	return ns;
}

uint64_t
load_servers_waited_ns(const struct load *load)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < load->pid_count; i++)
		ns += usage_waited_ns(load->pid[i]);
	return ns;
}

int
main(int argc, char **argv)
{
	struct load load = {
		.members = 200,
		.senders = 32,
		.window = 16,
		.bytes = 64,
		.time_ms = 3000,
		.warmup_ms = 500,
		.at_once = 64,
		.per_channel = 100,
	};

	chat_start();
	load_read(&load, argc, argv);
	if (load.churn)
		load_churn(&load);
	else if (load.idle)
		load_idle(&load);
	else
		load_fanout(&load);
	return CHAT_EXIT_OK;
}
