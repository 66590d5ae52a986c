#ifndef SERVE_CLUSTER_ROLL_H
#define SERVE_CLUSTER_ROLL_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "serve/channel/nonces.h"
#include "text/buf.h"
#include "wire/url.h"

/*
 * The roll: what servers of a cluster tell each other about their users. A call is one message of
 * NATS: a head, and a line for each user, as NDJSON. Each server counts the changes that it has
 * told; the number is its version. Who misses a version asks that server, which tells everything.
 */
enum roll_kind {
	ROLL_ASK, /* please tell everything; the server has just come, or has missed something */
	ROLL_BEAT, /* the server is there, and this is its version */
	ROLL_CHANGE, /* the lines make this version of the one before it */
	ROLL_WHOLE, /* one part of all its users */
	ROLL_LEAVE /* the server ends: its users are gone */
};

#define ROLL_SERVER_MAX 32 /* characters of the name of a server */
#define ROLL_PART_BYTES ((size_t)64 << 10) /* of the lines in one call, about */

struct roll_head {
	enum roll_kind kind;
	struct chat_span server; /* its name: letters and digits */
	int64_t version;
	int64_t part, parts; /* of ROLL_WHOLE: from 1 on */
	struct chat_span asked; /* of ROLL_ASK: the name of a server; empty: all */
};

struct roll_line {
	struct chat_span channel, id, name; /* decoded, in the arrays below */
	int64_t since_ms; /* Unix time */
	bool here; /* false: the user is not present any more */
	char channel_bytes[CHAT_CHANNEL_MAX + 1], id_bytes[NONCE_ID_MAX], name_bytes[NONCE_ID_MAX];
};

/* Appends a head; the buffer must be empty. */
void roll_write_head(struct chat_buf *call, const struct roll_head *head);

/* Appends a line. name_json: the name as a JSON string. */
void roll_write_line(struct chat_buf *call, struct chat_span channel, struct chat_span id,
	struct chat_span name_json, int64_t since_ms, bool here);

/*
 * Read a head, and a line, and remove them from the call. Both return 0, or -1 with bad_message or
 * an error of JSON.
 */
int roll_read_head(struct chat_span *call, struct roll_head *head, struct chat_err *err);
int roll_read_line(struct chat_span *call, struct roll_line *line, struct chat_err *err);

#endif
