/* The username and the user id: checked if they are given, else derived from login and host. */
#include "client/identity.h"

#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message/username.h"
#include "text/err.h"
#include "text/utf8.h"

enum { NAME_MIN = 3, NAME_MAX = 20 };

#define ID_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

/* Writes the login name of the account, or else of the environment; a long one is cut. */
static void
login_name(char *login, size_t size)
{
	char bytes[16384]; /* getpwuid_r(3) is safe in a program with threads */
	struct passwd entry, *found = NULL;
	const char *name = NULL;

	if (getpwuid_r(getuid(), &entry, bytes, sizeof(bytes), &found) == 0 && found)
		name = found->pw_name;
	if (!name)
		name = getenv("LOGNAME");
	snprintf(login, size, "%s", name && *name ? name : "user");
}

static void
host_name(char *host, size_t size)
{
	if (gethostname(host, size) < 0)
		host[0] = '\0';
	host[size - 1] = '\0';
}

int
chat_identity_check_name(const char *name, struct chat_err *err)
{
	size_t len = strlen(name), points;

	if (chat_utf8_check(name, len) != len)
		return chat_fail(err, CHAT_USAGE, "the username is not UTF-8");
	points = chat_utf8_count(name, len);
	if (points < NAME_MIN || points > NAME_MAX)
		return chat_fail(err, CHAT_USAGE, "a username has %d to %d characters, not %zu",
			NAME_MIN, NAME_MAX, points);
	if (chat_username_check(chat_span_of(name), err) == 0)
		return 0;
	if (err)
		err->code = CHAT_USAGE;
	return -1;
}

/* Makes "al@web1" of the login "al" on web1. A long login is not cut, because the beginning may be
 * that of another login. */
static int
username_derive(
	char name[IDENTITY_NAME_SIZE], const char *login, const char *host, struct chat_err *err)
{
	size_t points = chat_utf8_count(login, strlen(login));

	if (points > NAME_MAX)
		return chat_fail(err, CHAT_USAGE,
			"the login name has %zu characters, a username has at most %d: give a "
			"username, or set CHAT_USERNAME",
			points, NAME_MAX);
	if (strlen(login) < NAME_MIN)
		snprintf(name, NAME_MAX + 1, "%.2s@%.17s", login, *host ? host : "localhost");
	else
		snprintf(name, IDENTITY_NAME_SIZE, "%.*s", IDENTITY_NAME_SIZE - 1, login);
	if (chat_identity_check_name(name, NULL) == 0)
		return 0;
	return chat_fail(err, CHAT_USAGE,
		"the login name is no legal username: give a username, or set CHAT_USERNAME");
}

/*
 * Adds a string with its NUL to an FNV-1a hash, which only has to differ between people and
 * machines.
 */
static uint64_t
hash_add(uint64_t hash, const char *string)
{
	do
		hash = (hash ^ (unsigned char)*string) * 0x100000001b3u;
	while (*string++);
	return hash;
}

static void
id_derive(char *id, size_t size, const char *username, const char *login, const char *host)
{
	uint64_t hash = 0xcbf29ce484222325u;

	hash = hash_add(hash_add(hash_add(hash, username), login), host);
	hash = (hash ^ hash >> 31) * 0x9e3779b97f4a7c15u;
	snprintf(id, size, "%016llx", (unsigned long long)(hash ^ hash >> 29));
}

int
chat_identity_check_id(const char *id, struct chat_err *err)
{
	size_t len = strlen(id);

	if (len == 0 || strspn(id, ID_CHARACTERS) != len)
		return chat_fail(err, CHAT_USAGE, "an id is made of letters, digits and '-'");
	if (len >= IDENTITY_NAME_SIZE)
		return chat_fail(
			err, CHAT_USAGE, "an id has at most %d characters", IDENTITY_NAME_SIZE - 1);
	return 0;
}

int
chat_identity_find(
	struct identity *identity, const char *username, const char *id, struct chat_err *err)
{
	char host[256], login[256];

	login_name(login, sizeof(login));
	host_name(host, sizeof(host));
	if (!username) {
		if (username_derive(identity->username, login, host, err) < 0)
			return -1;
	} else {
		if (chat_identity_check_name(username, err) < 0)
			return -1;
		snprintf(identity->username, sizeof(identity->username), "%s", username);
	}
	if (id) {
		if (chat_identity_check_id(id, err) < 0)
			return -1;
		snprintf(identity->id, sizeof(identity->id), "%s", id);
		return 0;
	}
	id_derive(identity->id, sizeof(identity->id), identity->username, login, host);
	return 0;
}

static bool
says(const struct chat_msg *msg, enum chat_slot slot, const char *string)
{
	return chat_msg_has(msg, slot) &&
		chat_json_string_is(&msg->value[slot], chat_span_of(string));
}

bool
chat_identity_owns(const struct identity *identity, const struct chat_msg *msg)
{
	switch (msg->type) {
	case CHAT_TYPE_MESSAGE:
		if (chat_msg_has(msg, CHAT_SLOT_SENDER_ID))
			return says(msg, CHAT_SLOT_SENDER_ID, identity->id);
		return says(msg, CHAT_SLOT_SENDER, identity->username) ||
			says(msg, CHAT_SLOT_SENDER, identity->id);
	case CHAT_TYPE_USER_STATUS:
		return says(msg, CHAT_SLOT_USER_ID, identity->id);
	default:
		return false;
	}
}
