#ifndef SERVE_CHANNEL_ECHO_H
#define SERVE_CHANNEL_ECHO_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Echoes: if a member posts a message again with the same nonce, the server sends it the first
 * message again, as an acknowledgement. A member that catches up is sent the echo after the message
 * itself. Before that the echo is owed.
 */
struct block;
struct member;
struct member_catchup;
struct page;

/*
 * Sends a published message to the member `times` times more. The message is the frame at this
 * offset of the block. If the member was not sent the message yet, the echoes are owed.
 */
void member_echo(struct member *member, struct block *block, uint32_t at, uint64_t times);

/*
 * Sends the owed echoes of messages in a page that the member was just sent. Forgets owed echoes of
 * messages up to page->end that are not in the page: they are not in later pages.
 */
void member_send_owed_echoes(struct member *member, const struct page *page);

/* Returns true if echoes of ECHO_OWED_MOST messages are owed to the member. */
bool member_is_owed_many_echoes(const struct member *member);
#define ECHO_OWED_MOST 256 /* the most messages whose echoes are owed to one member */

/* Frees the list of owed echoes. */
void member_catchup_free(struct member_catchup *catchup);

#endif
