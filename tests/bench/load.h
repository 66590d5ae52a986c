#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "command/strings.h"
#include "wire/url.h"

#define LOAD_SERVERS_MAX 16

/* A server that members connect to. */
struct load_server {
	struct chat_url url;
	struct sockaddr_in address;
	char host_port[32];
};

/*
 * The options of the load generator. It has one thread and one epoll. Any fault ends the program
 * with a sentence and status 1, because a figure that was measured in another way than intended is
 * worth nothing.
 */
struct load {
	struct chat_strings urls, pids; /* as the command line has them */
	struct load_server servers[LOAD_SERVERS_MAX]; /* the members take turns */
	size_t server_count;
	int64_t pid[LOAD_SERVERS_MAX]; /* of the servers */
	size_t pid_count; /* 0: the costs of the servers are not measured */

	/* fan-out */
	int64_t members; /* of the channel, senders included */
	int64_t senders;
	int64_t window; /* texts that a sender has on the way */
	int64_t rate; /* texts per second of all senders; 0: as the window lets them */
	int64_t bytes; /* of a text */
	int64_t time_ms, warmup_ms;
	bool verify; /* every receiver checks every frame */

	int64_t churn; /* connections that come and go */
	int64_t beside; /* connections that stay meanwhile */
	bool seen; /* presence of both; false: hidden */
	int64_t at_once;
	int64_t idle; /* connections that stay */
	int64_t per_channel;
};

/* The CPU time of all servers, and the time that they waited for a core, as load_usage.h. */
uint64_t load_servers_cpu_ns(const struct load *load);
uint64_t load_servers_waited_ns(const struct load *load);

/* Each runs one measurement and prints its line of JSON. */
void load_fanout(const struct load *load);
void load_churn(const struct load *load);
void load_idle(const struct load *load);

#endif
