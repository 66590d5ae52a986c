#ifndef SERVE_NET_CONN_H
#define SERVE_NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/http.h"
#include "chat/span.h"
#include "chat/ws.h"
#include "serve/frame/block.h"
#include "serve/net/send_batch.h"
#include "serve/net/send_queue.h"
#include "serve/net/stream.h"
#include "serve/util/clock.h"

/*
 * One peer: opening handshake, frames in, queue out, closing handshake. It knows nothing of what
 * the messages mean; whoever owns it is told through struct conn_events.
 *
 * A connection is never freed inside one of its own callbacks: it is closed there, and freed
 * between ticks, after `closed` was called exactly once.
 */
enum conn_state {
	CONN_HANDSHAKE, /* the request head is being read */
	CONN_OPEN,
	CONN_CLOSING, /* our Close (or HTTP refusal) is due or queued; the peer's is awaited */
	CONN_DEAD /* waits to be freed */
};

/* The reasons not to read a connection, as bits. */
enum conn_pause {
	CONN_PAUSE_QUEUE = 1, /* too much waits to be sent to it */
	CONN_PAUSE_SESSION = 2, /* its session wants no message now */
	CONN_PAUSE_BACKPRESSURE = 4 /* too much waits for the disk */
};

struct conn;
struct conns;

struct conn_events {
	/*
	 * A proper WebSocket request came: return 101, or the status to refuse it with; *why gets
	 * the sentence of a refusal.
	 */
	int (*on_request)(
		struct conn *conn, const struct chat_http_request *request, const char **why);
	/* A whole text message, valid UTF-8, valid during the call. */
	void (*on_message)(struct conn *conn, struct chat_span text);
	/* The peer breaks a rule and is being closed with this code: a last word can be queued. */
	void (*on_violation)(struct conn *conn, uint16_t close_code, const char *text);
	/* The server is too full for what it has half sent: a last word can be queued. */
	void (*on_overload)(struct conn *conn, const char *text);
	/* It is dropped because it does not read, its queue already cut: a last word can be queued.
	 */
	void (*on_slow_reader)(struct conn *conn, const char *text);
	/* It was refused with this HTTP status, or (0) is cut off without a word, for this reason.
	 */
	void (*on_rejection)(struct conn *conn, int status, const char *why);
	/* To whom it belongs, who is to have no more for having many; NULL: to nobody else. */
	const void *(*owner)(const struct conn *conn);
	/* Its queue is empty; once after each conn_notify_drained. Nothing is to be queued now. */
	void (*on_drained)(struct conn *conn);
	/*
	 * Its part of the turn is over, nobody is inside a function of any connection, and others
	 * come: what has gathered can be dealt with.
	 */
	void (*on_turn_end)(struct conn *conn);
	/* It is gone; whatever pointed to it must let go. */
	void (*on_closed)(struct conn *conn);
	/* The memory goes back to whoever gave it to conn_start. */
	void (*release)(struct conn *conn);
};

struct conn {
	struct stream stream;
	struct conns *conns;
	struct conn *next, *prev; /* in conns->all */
	struct conn *next_flush; /* in conns->flush; itself: not in it */
	struct chat_ws *ws; /* what is half read; NULL between messages */
	struct chat_buf *head; /* request head so far; NULL after the handshake */
	struct send_queue queue;
	int64_t since_ms; /* the state began */
	int64_t heard_ms; /* bytes came last */
	int64_t message_ms; /* the message in progress began; 0: none */
	int64_t progress_ms; /* bytes of the queue went out last, or it began to wait */
	const char *close_reason; /* static; NULL: none */
	uint32_t received; /* bytes of memory of what is half read, as conns->received_bytes has it
			    */
	uint16_t close_code; /* 0: none */
	uint16_t answer_bytes; /* of the HTTP answer not yet sent; frames come behind it */
	uint8_t state;
	uint8_t events; /* what is polled for */
	uint8_t spare_mib; /* its queue may be longer by that, until it is empty */
	bool trusted : 1;
	bool pinged : 1;
	bool close_due : 1; /* our Close goes out at the end of this tick */
	bool close_received : 1;
	bool finish : 1; /* once the queue is empty: no Close to wait for */
	uint8_t paused : 3; /* the enum conn_pause reasons not to read it; 0: it is read */
	bool batched : 1; /* a send of its first run is under way */
	bool tells_empty : 1; /* conn_notify_drained */
};

/* Takes over an accepted socket, in TLS unless tls is NULL; conn is zeroed memory of the caller's.
 * 0, or -1 with the fd closed and conn not started. */
int conn_start(struct conn *conn, struct conns *conns, int fd, struct tls *tls);

/* From now on messages up to the full size are taken. */
void conn_trust(struct conn *conn);

/* Queues frames; they leave at the end of the tick. Does nothing once it is closing. */
void conn_send_run(struct conn *conn, struct block *block, uint32_t from, uint32_t to);
void conn_send(struct conn *conn, enum chat_ws_opcode opcode, struct chat_span payload);

/*
 * A Close goes out at the end of the tick, behind everything that is queued until then: what the
 * peer said before comes back to it. Nothing more is received; the peer's Close is awaited. The
 * reason is static, or NULL.
 */
void conn_close(struct conn *conn, uint16_t code, const char *reason);

/* Closes TCP now; `closed` is called before this returns. */
void conn_abort(struct conn *conn);

/*
 * Stops reading for this reason, and takes the reason back; the connection is read while there is
 * none. What was read already is still handed to on_message.
 */
void conn_pause(struct conn *conn, enum conn_pause reason);
void conn_resume(struct conn *conn, enum conn_pause reason);

/*
 * So many bytes of what is queued, or of what was spared before if that is more, are the server's
 * wish: until the queue is empty they do not count against the limit.
 */
void conn_raise_queue_limit(struct conn *conn, size_t bytes);

/* Has events->emptied called when all that is queued by now, and then, has been sent. */
void conn_notify_drained(struct conn *conn);

/*
 * Between the files of a connection and its set.
 */
/* Whether it is read. */
static inline bool
conn_reads(const struct conn *conn)
{
	return !conn->paused;
}
/* What is to be polled for may have changed. */
void conn_poll(struct conn *conn);
/* The poller has seen this. */
void conn_ready(struct conn *conn, uint32_t events);
/* Reads what is there, once, and acts on it. */
void conn_read(struct conn *conn);
/* Sends of the queue what goes without waiting; drops it where it is over its limit. */
void conn_write(struct conn *conn);
/* End of the tick: the same, and a Close that is due; in the batch, if there is one. */
void conn_flush(struct conn *conn, struct send_batch *batch);
void conns_run_batch(struct send_batch *batch);
/* What is half read has changed. */
void conn_note_received(struct conn *conn);
/* Too much is half read by all: what this one has is given up, with a word if there can be one. */
void conn_give_up_received(struct conn *conn);
/* What is half read is given up. */
void conn_ws_free(struct conn *conn);
void conn_enqueue(struct conn *conn, struct block *block, uint32_t from, uint32_t to);
/* Answers the request with this HTTP status instead of a connection. */
void conn_refuse(struct conn *conn, int status, const char *extra_headers, const char *why);
/* Answers a ping: each while the peer reads, else the newest (RFC 6455 section 5.5.3). */
void conn_pong(struct conn *conn, struct chat_span payload);
/* Cuts the queue back to what is half sent; a last word (events->on_slow_reader) and a Close
 * follow. */
void conn_drop(struct conn *conn, const char *why);
/* No Close of the peer's is waited for: once the queue is empty this is the end. */
void conn_finish(struct conn *conn);
/* The request head is done with. */
void conn_head_free(struct conn *conn);
/* Frees what a dead one still holds; between ticks. */
void conn_bury(struct conn *conn);

#endif
