#ifndef CLIENT_VIA_H
#define CLIENT_VIA_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/buf.h"
#include "chat/json.h"
#include "chat/msg.h"

/*
 * Where a message comes from: the names of channels that it was carried through, and how many
 * programs led to it. See LOOPS in chat-protocol(7).
 */
#define VIA_NAME_SIZE (CHAT_WORD_MAX + 1)
#define VIA_HERE_MOST 8

/* The names of a connection's channel: today's, and those before the server started again. */
struct via_here {
	char names[VIA_HERE_MOST][VIA_NAME_SIZE]; /* a ring; "": none */
	size_t next;
};

void via_here_note(struct via_here *here, const char *name); /* "": nothing to note */
bool via_here_is(const struct via_here *here, const char *name);

/*
 * The name of the channel in which a message has this id. False where there is none: an id without
 * a dash, or characters that a name does not have.
 */
bool via_name(char name[VIA_NAME_SIZE], const struct chat_json_value *id,
	const struct chat_json_value *channel);

/* True if a `via` that was checked names a channel of here. */
bool via_has_here(const struct chat_json_value *via, const struct via_here *here);

/* True if a message has been in the channel that it is in now: here, or what its id says. */
bool via_has_been(const struct chat_msg *msg, const struct via_here *here);

size_t via_count(const struct chat_json_value *via);

/* Appends `via` (NULL: an empty one) with one name more ("": none), as JSON. */
void via_write(struct chat_buf *out, const struct chat_json_value *via, const char *name);

/* Counts the programs that led to a message, by `hops` or by a nonce of these commands. */
unsigned via_hops(const struct chat_msg *msg);

/* One more, as far as it is counted. */
static inline unsigned
via_hops_after(unsigned hops)
{
	return hops < CHAT_HOPS_MOST ? hops + 1 : CHAT_HOPS_MOST;
}

#endif
