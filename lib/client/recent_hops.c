/* The hops of messages that may be answered. See LOOPS in chat-protocol(7). */
#include "client/recent_hops.h"

#include "client/seen.h"
#include "client/via.h"

void
chat_recent_hops_note(struct recent_hops *recent_hops, const struct chat_msg *msg)
{
	unsigned hops;

	if (msg->type != CHAT_TYPE_MESSAGE)
		return;
	hops = chat_via_hops(msg);
	if (hops == 0)
		return;
	recent_hops->entries[recent_hops->next] =
		(struct recent_hops_entry){chat_seen_hash(&msg->value[CHAT_SLOT_ID]), hops};
	recent_hops->next = (recent_hops->next + 1) % RECENT_HOPS_MOST;
}

unsigned
chat_recent_hops_find(const struct recent_hops *recent_hops, const struct chat_json_value *id)
{
	uint64_t hash = chat_seen_hash(id);

	for (size_t i = 0; i < RECENT_HOPS_MOST; i++)
		if (recent_hops->entries[i].hops > 0 && recent_hops->entries[i].id_hash == hash)
			return recent_hops->entries[i].hops;
	return 0;
}
