/* Remembers the nonces of the log, the same ones on every server. */
#include "serve/cluster/window.h"

#include <stdlib.h>

#include "serve/util/memory.h"
#include "text/buf.h"
#include "text/hash.h"

struct window_nonce {
	UT_hash_handle hh; /* uthash keeps the order in which nonces were added */
	struct nonce_key key;
	struct window_message message;
};

static void
forget(struct window *window, struct window_nonce *nonce)
{
	HASH_DEL(window->by_key, nonce);
	window->count--;
	free(nonce);
}

const struct window_message *
window_find(struct window *window, struct nonce_key key, int64_t now_ms)
{
	struct window_nonce *nonce;

	while (window->by_key && now_ms - window->by_key->message.time_ms > WINDOW_MS)
		forget(window, window->by_key);
	HASH_FIND(hh, window->by_key, &key, sizeof(key), nonce);
	return nonce ? &nonce->message : NULL;
}

void
window_add(struct window *window, struct nonce_key key, const struct window_message *message)
{
	struct window_nonce *nonce = chat_alloc(sizeof(*nonce));

	if (window->count == WINDOW_NONCES)
		forget(window, window->by_key);
	*nonce = (struct window_nonce){.key = key, .message = *message};
	HASH_ADD(hh, window->by_key, key, sizeof(key), nonce);
	window->count++;
}

size_t
window_memory(const struct window *window)
{
	return window->count * (memory_cost(sizeof(struct window_nonce)) + sizeof(UT_hash_bucket));
}

void
window_free(struct window *window)
{
	while (window->by_key)
		forget(window, window->by_key);
}
