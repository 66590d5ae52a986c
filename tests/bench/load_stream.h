#ifndef BENCH_LOAD_STREAM_H
#define BENCH_LOAD_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "load_usage.h"

/*
 * The frames that one receiver gets. All frames of a run have the same size, so that counting
 * bytes counts frames; most have the same layout, so that one comparison finds a content.
 */
struct layout {
	size_t frame_bytes; /* 0: no frame was seen yet */
	size_t content_at; /* in the frame */
	size_t content_bytes;
	uint32_t senders;
	bool verify; /* padding too */
	struct durations *latency; /* NULL: not now */
	uint64_t latency_mask; /* of a receiver's frames those are timed whose number & this is 0 */
};

struct stream {
	uint64_t bytes; /* received */
	/* of those who check: */
	uint32_t *next; /* per sender: the counter to come; NULL: only bytes are counted */
	uint64_t frames;
	uint64_t hash; /* of their order */
	char *tail; /* the first bytes of a frame that is not whole yet; NULL until there was one */
	size_t tail_len;
};

void stream_init(struct stream *stream, const struct layout *layout, bool checks);
void stream_free(struct stream *stream);

/* Bytes to put in front of those that are read next: copied to `to`, which has room for a frame. */
size_t stream_take_tail(struct stream *stream, char *to);

/*
 * Checks the whole frames of what was read, tail in front; keeps the rest as tail. Returns how many
 * of them are of the sender `own`. Dies of anything that is not the next text of its sender.
 */
size_t stream_check(struct stream *stream, struct layout *layout, struct chat_span bytes,
	uint32_t own, uint64_t now_ns);

/*
 * Bytes of the unmasked frame at the front, header included, and its payload; 0: not whole.
 * *opcode as in ws.h. Dies where it is masked, fragmented or over 16 MiB.
 */
size_t stream_frame(struct chat_span bytes, unsigned *opcode, struct chat_span *payload);

#endif
