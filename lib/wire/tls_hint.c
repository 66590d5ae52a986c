/* Recognises common TLS failures by the sentences of OpenSSL, and says how to fix them. */
#include "wire/tls_hint.h"

#include <stddef.h>
#include <string.h>

static bool
has_one(const char *words, const char *const *parts)
{
	for (; *parts; parts++)
		if (strstr(words, *parts))
			return true;
	return false;
}

bool
chat_tls_is_plain(const char *words)
{
	static const char *const parts[] = {"wrong version number", "packet length too long",
		"unknown protocol", "record layer failure", NULL};

	return has_one(words, parts);
}

const char *
chat_tls_hint(const char *words, bool distrusted)
{
	static const char *const wanted[] = {"certificate required", "handshake failure", NULL};
	static const char *const refused[] = {"unknown ca", "bad certificate",
		"certificate expired", "certificate unknown", NULL};

	if (distrusted)
		return "--cacert FILE names whom to trust, -k trusts anybody";
	if (!strstr(words, " alert "))
		return NULL;
	if (has_one(words, wanted))
		return "it may want to be shown a --cert";
	return has_one(words, refused) ? "it does not trust our --cert" : NULL;
}
