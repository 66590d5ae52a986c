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
chat_tls_hint(const char *words, bool distrusted, bool of_command)
{
	static const char *const wanted[] = {"certificate required", "handshake failure", NULL};
	static const char *const refused[] = {"unknown ca", "bad certificate",
		"certificate expired", "certificate unknown", NULL};

	if (distrusted)
		return of_command ? "--cacert FILE names whom to trust, -k trusts anybody"
				  : "a file of certificates says whom to trust";
	if (!strstr(words, " alert "))
		return NULL;
	if (has_one(words, wanted))
		return of_command ? "it may want to be shown a --cert"
				  : "it may want to be shown a certificate";
	if (!has_one(words, refused))
		return NULL;
	return of_command ? "it does not trust our --cert" : "it does not trust our certificate";
}
