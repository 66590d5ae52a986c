#ifndef SERVE_CHANNEL_ECHO_H
#define SERVE_CHANNEL_ECHO_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Echoes: a member that posts a message again, with the same nonce, is sent the first message once
 * more. For its sender that is the acknowledgement. A member that catches up gets the echo only
 * after the message itself; until then the echo is owed.
 */
struct block;
struct member;
struct member_catchup;
struct page;

/*
 * Sends a published message to the member so many times more: the frame at this offset of the
 * block. If the member has not passed it yet, the echoes are owed.
 */
void member_echo(struct member *member, struct block *block, uint32_t at, uint64_t times);

/*
 * Sends the echoes that are owed of the messages of a page, which the member was just sent. Forgets
 * those of messages that the page does not have and no later one will.
 */
void member_send_owed_echoes(struct member *member, const struct page *page);

/* Returns true if the member may post no message again until it has passed those before. */
bool member_is_owed_many_echoes(const struct member *member);
#define ECHO_OWED_MOST 256 /* messages whose echoes are owed to one member */

/* Frees the list of what is owed. */
void member_catchup_free(struct member_catchup *catchup);

#endif
