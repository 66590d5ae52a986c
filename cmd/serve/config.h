#ifndef SERVE_CONFIG_H
#define SERVE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "command/strings.h"
#include "serve/cluster/shared_log.h"
#include "serve/net/tls.h"

/*
 * The options of the command line, with defaults filled in. Strings are borrowed from argv, and
 * NULL if the option was not given. Sizes are in bytes, times in milliseconds.
 */
struct config {
	const char *loops; /* how many, a number or "auto"; NULL: one; see config_loops() */

	struct {
		struct chat_strings addresses; /* none: 127.0.0.1:3001 and [::1]:3001 */
		const char *url_file; /* a file to write the URL into, once it is served */
		bool no_web; /* browsers do not get the page */
		const char *metrics; /* the address that serves /metrics and /healthz */
		struct chat_strings origins; /* of pages that may connect */
		struct chat_strings hosts; /* names of the server, besides those of loopback */
		struct chat_strings
			proxies; /* networks of trusted proxies: their X-Forwarded-For is used */
		struct chat_strings tcp_proxies; /* networks whose PROXY header is required */
	} listening;

	struct {
		const char *tokens; /* the file of tokens; NULL: no token is asked for */
		const char *new_token; /* a username: print a token for it, and do not serve */
		bool open; /* other machines may connect without a token or certificate */
		int64_t max_failures; /* wrong tokens in a minute that bar an address */
		const char *user; /* the system user that the process changes to */
		bool no_sandbox;
	} access;

	struct tls_files tls; /* cert is NULL: no TLS */

	struct {
		bool read_stdin; /* messages on stdin are posted as the user "server" */
		int64_t grace_ms; /* from the end of a connection until its user is offline */
		int64_t crowd; /* members above which joins are not announced */
		int64_t max_channels;
		int64_t max_members; /* of one channel */
	} channels;

	struct {
		int64_t replay; /* messages sent to a new member */
		int64_t replay_bytes; /* size of these messages */
		int64_t keep; /* messages of one channel */
		int64_t memory_bytes; /* of all channels */
	} history;

	struct {
		int64_t keep_ms; /* how long a nonce is remembered */
		int64_t max_nonces;
		int64_t memory_bytes; /* of the nonces and their messages */
	} nonces;

	struct {
		const char *dir; /* NULL: no journal */
		int sync; /* enum journal_sync */
		int64_t segment_bytes; /* a segment of this length is closed */
		int64_t max_bytes; /* of all segments; 0: no limit */
		int64_t max_age_ms; /* of a segment; 0: no limit */
		int64_t max_messages; /* of one channel; 0: no limit */
		int64_t disk_timeout_ms;
		bool repair; /* damaged lines are moved out of the journal */
	} journal;

	struct shared_log_options cluster; /* urls is NULL: this server is alone */

	struct {
		int64_t max_message_bytes;
		int64_t max_init_bytes; /* of a message before init is done */
		int64_t max_fragments; /* of one message */
		int64_t max_connections;
		int64_t max_per_address; /* connections of one address */
		int64_t max_errors; /* bad messages in ERRORS_WINDOW_MS that end a connection */
	} limits;

	/* Per second; 0: no limit; -1: not given, see CONFIG_OPEN_RATE. */
	struct {
		int64_t messages;
		int64_t burst; /* messages at once above the rate; never -1 */
		int64_t bytes; /* of messages */
		int64_t joins; /* joins and new channels */
	} rates;

	struct {
		int64_t queue_bytes; /* that one connection has not read */
		int64_t queue_total_bytes; /* that all connections have not read */
		int64_t receive_total_bytes; /* of messages that have not arrived completely */
		int64_t unsynced_total_bytes; /* of messages that wait for the journal */
	} memory;

	struct {
		int64_t head_ms; /* for the head of the HTTP request */
		int64_t init_ms;
		int64_t message_ms; /* for one message to arrive */
		int64_t close_ms; /* for the answer to a Close */
		int64_t progress_ms; /* for a send queue of which no byte is sent */
		int64_t ping_interval_ms; /* of silence before a ping */
		int64_t pong_ms; /* for the answer to a ping */
	} timeouts;

	struct {
		bool quiet; /* no events on stdout */
		bool verbose;
	} output;
};

/* The rates of peers on other machines, if the options are not given. */
#define CONFIG_OPEN_RATE 20
#define CONFIG_OPEN_RATE_BYTES ((int64_t)1 << 20)
#define CONFIG_OPEN_RATE_JOIN 10

/* Reads argv, which must outlive the config. Exits with 64 after a usage error. */
void config_read(struct config *config, int argc, char **argv);
void config_free(struct config *config);

/* Returns how many loops the server has: at least 1, at most CONFIG_LOOPS_MAX. */
#define CONFIG_LOOPS_MAX 64
size_t config_loops(const struct config *config);

#endif
