#ifndef SERVE_CONFIG_H
#define SERVE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "command/opt.h"
#include "serve/net/tls.h"

/* What the command line says, defaults filled in. Strings are borrowed from argv. */
struct config {
	struct chat_strings listen; /* none: 127.0.0.1:3001 and [::1]:3001 */
	const char *url_file;
	const char *metrics; /* where to serve them; NULL: nowhere */
	bool read_stdin;
	bool quiet;
	bool verbose;

	struct chat_strings origins;
	struct chat_strings hosts; /* names besides loopback's that it goes by on loopback */
	struct chat_strings proxies; /* networks whose X-Forwarded-For is believed */
	const char *tokens; /* a file; NULL: nobody is asked */
	const char *new_token; /* for this name, and nothing else; NULL: serve */
	const char *user; /* to become; NULL: none */
	bool no_sandbox;
	bool open; /* anybody from anywhere is meant */
	int64_t max_failures; /* wrong tokens of an address in a minute */
	struct tls_files tls; /* cert NULL: no TLS */

	const char *journal; /* a directory; NULL: nothing is kept */
	int sync; /* enum journal_sync */
	int64_t journal_segment; /* bytes */
	int64_t journal_max_bytes; /* 0: any */
	int64_t journal_max_age_ms; /* 0: any */
	int64_t journal_max_messages; /* of a channel; 0: any */
	int64_t disk_timeout_ms;
	bool repair;

	int64_t history; /* messages replayed */
	int64_t history_bytes; /* of a replay */
	int64_t history_keep; /* messages per channel */
	int64_t history_memory; /* bytes, all channels */

	int64_t max_message_bytes;
	int64_t max_init_bytes;
	int64_t max_fragments;
	int64_t max_connections;
	int64_t max_per_address;
	int64_t max_channels;
	int64_t max_members;
	int64_t max_errors; /* in ERRORS_WINDOW_MS */
	int64_t max_nonces;
	int64_t nonce_memory; /* bytes */
	int64_t crowd;
	int64_t queue_bytes;
	int64_t queue_total_bytes;
	int64_t receive_total_bytes;
	int64_t unsynced_total_bytes;
	int64_t rate; /* messages per second; this and the next two: 0: no limit; -1: not given */
	int64_t rate_bytes; /* of messages per second */
	int64_t rate_join; /* joins and new channels per second */
	int64_t burst;

	int64_t head_timeout_ms;
	int64_t init_timeout_ms;
	int64_t message_timeout_ms;
	int64_t close_timeout_ms;
	int64_t progress_timeout_ms;
	int64_t ping_interval_ms;
	int64_t ping_timeout_ms;
	int64_t grace_ms;
	int64_t nonce_ms;
};

/* Where they are not given, for who is not on this machine. */
#define CONFIG_OPEN_RATE 20
#define CONFIG_OPEN_RATE_BYTES ((int64_t)1 << 20)
#define CONFIG_OPEN_RATE_JOIN 10

/* Reads argv; exits with 64 on a usage error. */
void config_read(struct config *config, int argc, char **argv);
void config_free(struct config *config);

#endif
