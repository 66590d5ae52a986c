/* Sends to one member. publish.c sends to all members of a channel. */
#include "serve/channel/member.h"

void
member_send_block(struct member *member, struct block *block)
{
	conn_raise_queue_limit(member->conn, block->len);
	conn_send_run(member->conn, block, 0, block->len);
	block_unref(block);
}

void
member_send_frame(struct member *member, struct block *block, uint32_t at, uint64_t times)
{
	uint32_t end = at + (uint32_t)block_frame_size(block->bytes + at);

	while (times--)
		conn_send_run(member->conn, block, at, end);
}
