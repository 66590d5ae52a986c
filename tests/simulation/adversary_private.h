#ifndef SIMULATION_ADVERSARY_PRIVATE_H
#define SIMULATION_ADVERSARY_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Between the files adversary*.c. */

#define EVIL_BYTES 16384 /* said at once */

struct evil {
	const char *number;
	const char *traits; /* adversary.h */
	unsigned said;
	char nonce[64]; /* the last that was read in a message of somebody */
	char id[64]; /* and its id */
	char bytes[EVIL_BYTES];
	size_t len; /* of bytes */
};

/* ---- adversary_bytes.c ---- */

uint64_t evil_below(uint64_t bound);
bool evil_has(const struct evil *evil, char trait);

/* One of the strings of an array that ends with NULL. */
const char *evil_one_of(const char *const strings[]);
void evil_put(struct evil *evil, const void *bytes, size_t len);
void evil_print(struct evil *evil, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Changes, cuts, doubles or leaves the bytes. */
void evil_mutate(struct evil *evil);

/* Notes the nonce and the id of a message that was read, or the nonce that will follow it. */
void evil_steal(struct evil *evil, const char *bytes, size_t len);

/* ---- adversary_head.c ---- */

void evil_put_head(struct evil *evil);
void evil_put_good_head(struct evil *evil);
void evil_put_question(struct evil *evil); /* of metrics or health */

/* ---- adversary_frame.c ---- */

/* first: the first byte of a frame. */
void evil_put_frame(struct evil *evil, unsigned first, const char *text, size_t len);

/* A text of less than 64 KiB, as it should be. */
void evil_put_good_frame(struct evil *evil, const char *text, size_t len);

/* A text in one frame or in several. */
void evil_put_text(struct evil *evil, const char *text, size_t len);
void evil_put_control(struct evil *evil);

/* The beginning of a big message. Returns the number of bytes that it lacks. */
size_t evil_put_big_begin(struct evil *evil);

/* ---- adversary_message.c ---- */

void evil_put_init(struct evil *evil);
void evil_put_message(struct evil *evil);
void evil_put_flood(struct evil *evil); /* many long messages */

#endif
