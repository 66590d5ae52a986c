/* Counts the programs that led to the messages that are answered. */
#include "client/lineage.h"

#include "client/seen.h"
#include "client/via.h"

void
lineage_note(struct lineage *lineage, const struct chat_msg *msg)
{
	unsigned hops;

	if (msg->type != CHAT_TYPE_MESSAGE)
		return;
	hops = via_hops(msg);
	if (hops == 0)
		return;
	lineage->entries[lineage->next] =
		(struct lineage_entry){seen_hash(&msg->value[CHAT_SLOT_ID]), hops};
	lineage->next = (lineage->next + 1) % LINEAGE_MOST;
}

unsigned
lineage_hops(const struct lineage *lineage, const struct chat_json_value *id)
{
	uint64_t hash = seen_hash(id);

	for (size_t i = 0; i < LINEAGE_MOST; i++)
		if (lineage->entries[i].hops > 0 && lineage->entries[i].id_hash == hash)
			return lineage->entries[i].hops;
	return 0;
}
