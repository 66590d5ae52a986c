/* The bytes that an adversary is about to say, and those that it learns from others. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/adversary_private.h"
#include "simulation/kernel.h"

uint64_t
evil_below(uint64_t bound)
{
	return chance_below(world_chance(), bound);
}

bool
evil_has(const struct evil *evil, char trait)
{
	return strchr(evil->traits, trait) != NULL;
}

const char *
evil_one_of(const char *const strings[])
{
	size_t count = 0;

	while (strings[count])
		count++;
	return strings[evil_below(count)];
}

void
evil_put(struct evil *evil, const void *bytes, size_t len)
{
	if (len > sizeof(evil->bytes) - evil->len)
		len = sizeof(evil->bytes) - evil->len;
	memcpy(evil->bytes + evil->len, bytes, len);
	evil->len += len;
}

void
evil_print(struct evil *evil, const char *format, ...)
{
	size_t room = sizeof(evil->bytes) - evil->len;
	va_list list;
	int len;

	va_start(list, format);
	len = vsnprintf(evil->bytes + evil->len, room, format, list);
	va_end(list);
	evil->len += (size_t)len < room ? (size_t)len : room;
}

void
evil_mutate(struct evil *evil)
{
	size_t at = evil->len ? evil_below(evil->len) : 0;

	switch (evil_below(8)) {
	case 0:
		evil->bytes[at] ^= (char)(1 << evil_below(8));
		break;
	case 1:
		evil->bytes[at] = (char)evil_below(256);
		break;
	case 2:
		evil->len = at;
		break;
	case 3:
		evil_put(evil, evil->bytes + at, evil->len - at);
		break;
	default:
		break;
	}
}

/* Copies the string after a key to `to`, if there is one. */
static void
copy_after(const char *key, const char *bytes, size_t len, char to[64])
{
	const char *at = memmem(bytes, len, key, strlen(key));
	size_t left = at ? len - (size_t)(at - bytes) - strlen(key) : 0;

	if (!left)
		return;
	snprintf(to, 64, "%.*s", (int)(left < 60 ? left : 60), at + strlen(key));
	to[strcspn(to, "\"")] = '\0';
}

void
evil_steal(struct evil *evil, const char *bytes, size_t len)
{
	char *dash;

	copy_after("\"message\",\"id\":\"", bytes, len, evil->id);
	copy_after("\"nonce\":\"", bytes, len, evil->nonce);
	dash = strrchr(evil->nonce, '-');
	if (dash && evil_below(4) == 0) /* nonces end with a counter */
		snprintf(dash, 8, "-%uh1",
			((unsigned)atoi(dash + 1) + (unsigned)evil_below(3)) % 10000);
}
