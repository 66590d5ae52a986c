#ifndef CHAT_TEXT_ARRAY_H
#define CHAT_TEXT_ARRAY_H

#include "text/buf.h"

/*
 * Makes room for one more element at the end of an array with `count` elements and memory for
 * `cap`. If the memory is full, it is doubled; if cap is 0, memory for `least` elements is
 * allocated. Changes array and cap, and evaluates them more than once. If there is no memory, the
 * process aborts.
 */
#define ARRAY_GROW(array, count, cap, least) \
	do { \
		if ((count) == (cap)) { \
			(cap) = (cap) ? 2 * (cap) : (least); \
			(array) = chat_realloc((array), (cap) * sizeof(*(array))); \
		} \
	} while (0)

#endif
