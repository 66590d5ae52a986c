#ifndef CHAT_TEXT_ARRAY_H
#define CHAT_TEXT_ARRAY_H

#include "chat/buf.h"

/*
 * Makes room for one more element at the end of an array, which has `count` elements and room for
 * `cap`. If there is none its room doubles; the first time it becomes `least` elements. array and
 * cap are changed, and evaluated more than once. Memory that cannot be allocated aborts.
 */
#define ARRAY_GROW(array, count, cap, least) \
	do { \
		if ((count) == (cap)) { \
			(cap) = (cap) ? 2 * (cap) : (least); \
			(array) = chat_realloc((array), (cap) * sizeof(*(array))); \
		} \
	} while (0)

#endif
