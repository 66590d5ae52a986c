#ifndef CLIENT_VIA_H
#define CLIENT_VIA_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/json.h"
#include "chat/msg.h"
#include "message/rules.h"
#include "text/buf.h"

/*
 * `via` and `hops`: the names of the channels that a message was carried through, and the number of
 * programs that led to it. See LOOPS in chat-protocol(7).
 */
#define VIA_NAME_SIZE (CHAT_WORD_MAX + 1)
#define VIA_HERE_MOST 8

/* The names of the channel that we are in. A server that starts again gives it another name. */
struct via_here {
	char names[VIA_HERE_MOST][VIA_NAME_SIZE]; /* a ring of the last names; "": none */
	size_t next; /* the place of the next name is next % VIA_HERE_MOST */
};

/* Notes a name of the channel; "": there is none to note. */
void chat_via_here_note(struct via_here *here, const char *name);

/* Returns true if this is a name of the channel. */
bool chat_via_here_is(const struct via_here *here, const char *name);

/*
 * Makes the name of the channel in which a message got its id: the part of the id before the last
 * dash, and the channel. Returns false if that is no name.
 */
bool chat_via_name(char name[VIA_NAME_SIZE], const struct chat_json_value *id,
	const struct chat_json_value *channel);

/* Returns true if a `via` that was checked has a name of our channel. */
bool chat_via_has_here(const struct chat_json_value *via, const struct via_here *here);

/* Returns true if via names our channel, or the channel in which the message got its id. */
bool chat_via_has_been(const struct chat_msg *msg, const struct via_here *here);

/* Returns the number of names in a `via` that was checked. */
size_t chat_via_count(const struct chat_json_value *via);

/* Appends a `via` (NULL: an empty one) with one more name ("": none), as JSON. */
void chat_via_write(struct chat_buf *out, const struct chat_json_value *via, const char *name);

/* Returns the number of programs that led to a message, from `hops` or from a nonce of ours. */
unsigned chat_via_hops(const struct chat_msg *msg);

/* Returns one more than hops, but at most CHAT_HOPS_MOST. */
static inline unsigned
chat_via_hops_after(unsigned hops)
{
	return hops < CHAT_HOPS_MOST ? hops + 1 : CHAT_HOPS_MOST;
}

#endif
