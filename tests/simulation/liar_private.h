#ifndef SIMULATION_LIAR_PRIVATE_H
#define SIMULATION_LIAR_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"

/* Between liar.c, liar_head.c and liar_words.c. */

#define LIE_BYTES 65536 /* of what a client says, and of what it is told at once */

enum lie_stage { LIE_HEAD, LIE_INIT, LIE_TALK, LIE_OVER };

struct lie {
	int fd; /* -1: no connection */
	enum lie_stage stage;
	unsigned lies; /* so many of ten answers are not true */
	unsigned budget; /* things that it may still say by itself */
	unsigned pages; /* of history that are still to come */
	unsigned number; /* of the next message */
	bool silent;
	char name[100], id[100]; /* of the client, as raw JSON strings */
	char in[LIE_BYTES];
	size_t in_len;
	char out[2 * LIE_BYTES];
	size_t out_len;
};

/* A number below the bound, from the chance of the world. */
uint64_t lie_below(uint64_t bound);
bool lie_lies(const struct lie *lie);

void lie_put(struct lie *lie, const void *bytes, size_t len);
void lie_printf(struct lie *lie, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes the bytes of `in` away from its front. */
void lie_take(struct lie *lie, size_t len);

/* ---- liar_head.c ---- */

/* Answers the head of a request, if it is whole. */
void lie_answer_head(struct lie *lie);

/* ---- liar_words.c ---- */

/* Answers a text of the client. */
void lie_answer_text(struct lie *lie, struct chat_span text);

/* Says something by itself. */
void lie_say(struct lie *lie);

/* ---- liar_frames.c ---- */

/* A text as a frame, mostly. */
void lie_put_text(struct lie *lie, const char *text, size_t len);

/* A frame that is no text, or none. */
void lie_put_frame(struct lie *lie);
void lie_put_close(struct lie *lie, unsigned code);

/* Takes the next whole frame of the client: true and its text ("": it was another one). */
bool lie_take_frame(struct lie *lie, char *text, size_t size, size_t *len);

#endif
