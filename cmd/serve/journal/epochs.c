/*
 * The epochs of a journal: the range of message numbers of each start of the server. They show if
 * the journal knows the message that a client saw last.
 */
#include "serve/journal/epochs.h"

#include <stdlib.h>

#include "text/array.h"
#include "text/buf.h"

void
epochs_note(struct epochs *epochs, uint64_t epoch, uint64_t number)
{
	if (epochs->count && epochs->at[epochs->count - 1].epoch == epoch) {
		epochs->at[epochs->count - 1].last = number;
		return;
	}
	ARRAY_GROW(epochs->at, epochs->count, epochs->cap, 4);
	epochs->at[epochs->count++] = (struct epoch){epoch, number};
}

uint64_t
epochs_find(const struct epochs *epochs, uint64_t epoch, uint64_t number, bool *known)
{
	uint32_t low = 0, high = epochs->count;

	*known = false;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (epochs->at[middle].epoch > epoch)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == 0)
		return 0;
	if (epochs->at[low - 1].epoch != epoch || number > epochs->at[low - 1].last)
		return epochs->at[low - 1].last;
	*known = true;
	return number;
}

void
epochs_truncate(struct epochs *epochs, uint64_t last)
{
	while (epochs->count > 1 && epochs->at[epochs->count - 2].last >= last)
		epochs->count--;
	if (epochs->count && epochs->at[epochs->count - 1].last > last)
		epochs->at[epochs->count - 1].last = last;
}

void
epochs_copy(struct epochs *to, const struct epochs *from)
{
	for (uint32_t i = 0; i < from->count; i++)
		epochs_note(to, from->at[i].epoch, from->at[i].last);
}

void
epochs_free(struct epochs *epochs)
{
	free(epochs->at);
	*epochs = (struct epochs){0};
}
