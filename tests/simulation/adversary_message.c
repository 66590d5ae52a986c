/* Messages of an adversary: some are valid, and begin with "evil". */
#include <stdio.h>
#include <string.h>

#include "simulation/adversary.h"
#include "simulation/adversary_private.h"
#include "simulation/tokens.h"

#define TEXT_MOST 4096

/* Copies a token in, or leaves it out: of this user, of another one, of nobody. */
static void
write_token(char *to, size_t size, const char *username)
{
	switch (evil_below(8)) {
	case 0:
		*to = '\0';
		break;
	case 1:
		snprintf(to, size, ",\"token\":\"wrong\"");
		break;
	case 2:
		snprintf(to, size, ",\"token\":\"%01000d\"", 0);
		break;
	default:
		snprintf(to, size, ",\"token\":\"" TOKENS_PREFIX "%s\"", username);
	}
}

/* If tokens or certificates are asked for, it may say that it is somebody honest, with a token
 * of its own. */
static void
write_user(const struct evil *evil, char *to, size_t size)
{
	static const char *const honest[] = {"speaker0", "listener0", "final", NULL};
	char token[1100] = "", username[64];
	unsigned name = (unsigned)evil_below(ADVERSARY_NAMES);

	snprintf(username, sizeof(username), "evil%s-%u", evil->number, name);
	if (evil_has(evil, 't'))
		write_token(token, sizeof(token), username);
	if ((evil_has(evil, 't') || evil_has(evil, 'c')) && evil_below(6) == 0)
		snprintf(username, sizeof(username), "%s", evil_one_of(honest));
	snprintf(to, size, "\"username\":\"%s\",\"id\":\"e%s-%u\"%s", username, evil->number,
		evil_below(8) ? name : (unsigned)evil_below(ADVERSARY_NAMES), token);
}

/* The point from which the past is wanted. */
static void
write_since(const struct evil *evil, char *to, size_t size)
{
	switch (evil_below(8)) {
	case 0:
	case 1:
		snprintf(to, size, ",\"since\":\"0\"");
		break;
	case 2:
	case 3:
		snprintf(to, size, ",\"since\":\"%s\"", evil->id);
		break;
	case 4:
		snprintf(to, size, ",\"since\":\"0\",\"sinceTime\":%llu",
			1767225600000ULL + evil_below(30000));
		break;
	case 5:
		snprintf(to, size, ",\"since\":\"%0*u\"", (int)(1 + evil_below(100)),
			(unsigned)evil_below(1000));
		break;
	default:
		*to = '\0';
	}
}

void
evil_put_init(struct evil *evil)
{
	static const char *const odd[] = {"\"username\":\"server\",\"id\":\"evil\"",
		"\"username\":\"evil-server\",\"id\":\"server\"",
		"\"username\":\"evil\\u200bname\",\"id\":\"e9\"",
		"\"username\":\" evil\",\"id\":\"e9\"", "\"username\":\"ev\",\"id\":\"e9\"",
		"\"username\":\"evil9\",\"id\":\"\"", "\"username\":\"evil9\",\"id\":\"e_9\"",
		"\"id\":\"e9\"", NULL};
	char text[TEXT_MOST], user[1400], since[160];
	int len;

	write_user(evil, user, sizeof(user));
	write_since(evil, since, sizeof(since));
	len = snprintf(text, sizeof(text), "{\"type\":\"init\",%s%s%s}",
		evil_below(10) ? user : evil_one_of(odd), since,
		evil_below(6) ? "" : ",\"presence\":\"hidden\"");
	evil_put_text(evil, text, (size_t)len);
}

/* The same text with the same nonce, again and again. */
static void
put_repeated(struct evil *evil)
{
	char text[256];
	unsigned which = (unsigned)evil_below(3);
	int len = snprintf(text, sizeof(text),
		"{\"type\":\"text\",\"nonce\":\"r%s-%u\",\"text\":\"evil%s again %u\"}",
		evil->number, which, evil->number, which);

	evil_put_text(evil, text, (size_t)len);
}

static void
put_odd(struct evil *evil)
{
	static const char *const odd[] = {"{}", "[", "{\"type\":\"text\"}", "\xff\xfe", "",
		"{\"type\":\"userStatus\",\"userId\":\"s0\",\"online\":false}",
		"{\"type\":\"text\",\"text\":\"evil\",\"text\":\"other\"}",
		"{\"type\":\"text\",\"text\":\"\",\"nonce\":\"x\"}",
		"{\"type\":\"init\",\"username\":\"evil9\",\"id\":\"e9\"}",
		"{\"type\":\"file\",\"file\":{\"name\":\"evil\",\"size\":3,\"data\":\"AAAA\"}}",
		"{\"type\":\"file\",\"file\":{\"name\":\"evil\",\"type\":\"a/b\",\"size\":3,"
		"\"data\":\"AAAA\"},\"nonce\":\"f1\"}",
		"{\"type\":\"file\",\"file\":{\"name\":\"evil\",\"type\":\"a/b\",\"size\":3,"
		"\"data\":\"AA=A\"}}",
		"{\"type\":\"text\",\"text\":\"evil \\ud83d\\ude00 \\\" \\\\ "
		"\\n\",\"replyTo\":\"0\","
		"\"via\":[\"a\",\"b\"],\"hops\":3}",
		NULL};
	const char *text = evil_one_of(odd);

	evil_put_text(evil, text, strlen(text));
}

static void
put_long(struct evil *evil, const char *nonce, int more)
{
	char text[TEXT_MOST];
	int len = snprintf(text, sizeof(text),
		"{\"type\":\"text\",\"nonce\":\"%s\",\"text\":\"evil%s %u %0*d\"}", nonce,
		evil->number, evil->said++, more, 0);

	evil_put_text(evil, text, (size_t)len);
}

/* With a nonce that is new, that is not, or that is somebody else's. */
static void
put_any(struct evil *evil)
{
	unsigned kind = (unsigned)evil_below(3);
	char nonce[64];

	if (kind == 0 && *evil->nonce)
		snprintf(nonce, sizeof(nonce), "%s", evil->nonce);
	else
		snprintf(nonce, sizeof(nonce), "n%s-%u", evil->number,
			kind == 1 ? (unsigned)evil_below(100) : 100 + evil->said);
	put_long(evil, nonce, (int)evil_below(1100));
}

void
evil_put_message(struct evil *evil)
{
	switch (evil_below(8)) {
	case 0:
	case 1:
		put_odd(evil);
		break;
	case 2:
	case 3:
		put_repeated(evil);
		break;
	default:
		put_any(evil);
	}
}

void
evil_put_flood(struct evil *evil)
{
	char text[TEXT_MOST];

	for (int i = 0; i < 14; i++) {
		int len = snprintf(text, sizeof(text),
			"{\"type\":\"text\",\"nonce\":\"f%s-%u\",\"text\":\"evil%s %0900u\"}",
			evil->number, evil->said, evil->number, evil->said);

		evil_put_good_frame(evil, text, (size_t)len);
		evil->said++;
	}
}
