/*
 * A bridge between channels must refuse a message that was in its channel before, or it loops.
 */
#include "client/via.h"

#include <stdio.h>
#include <string.h>

#include "client/nonce.h"
#include "message/rules.h"

void
chat_via_here_note(struct via_here *here, const char *name)
{
	if (!*name || chat_via_here_is(here, name))
		return;
	snprintf(here->names[here->next % VIA_HERE_MOST], VIA_NAME_SIZE, "%s", name);
	here->next++;
}

bool
chat_via_here_is(const struct via_here *here, const char *name)
{
	for (size_t i = 0; i < VIA_HERE_MOST; i++)
		if (*here->names[i] && strcmp(here->names[i], name) == 0)
			return true;
	return false;
}

bool
chat_via_name(char name[VIA_NAME_SIZE], const struct chat_json_value *id,
	const struct chat_json_value *channel)
{
	size_t len = chat_json_unescape(id, name, CHAT_WORD_MAX), more;

	if (len == (size_t)-1)
		return false;
	while (len > 0 && name[len - 1] != '-')
		len--;
	if (len < 2)
		return false;
	len--;
	more = chat_json_unescape(channel, name + len, CHAT_WORD_MAX - len);
	if (more == (size_t)-1 || more == 0 ||
		!chat_word_valid((struct chat_span){name, len + more}))
		return false;
	name[len + more] = '\0';
	return true;
}

/* Reads a name in a `via` that was checked. */
static void
name_read(char name[VIA_NAME_SIZE], const struct chat_json_value *word)
{
	name[chat_json_unescape(word, name, CHAT_WORD_MAX)] = '\0';
}

/* Returns true if a via has the name `own` or a name of our channel. */
static bool
has_name(const struct chat_json_value *via, const struct via_here *here, const char *own)
{
	struct chat_json_value word;
	char name[VIA_NAME_SIZE];
	struct chat_json json;
	bool first;

	chat_json_begin(&json, via->raw);
	chat_json_enter(&json, &first, NULL);
	while (chat_json_element(&json, &first, NULL) > 0) {
		chat_json_read(&json, &word, NULL);
		name_read(name, &word);
		if (strcmp(name, own) == 0 || chat_via_here_is(here, name))
			return true;
	}
	return false;
}

bool
chat_via_has_here(const struct chat_json_value *via, const struct via_here *here)
{
	return has_name(via, here, "");
}

bool
chat_via_has_been(const struct chat_msg *msg, const struct via_here *here)
{
	char own[VIA_NAME_SIZE] = "";

	if (!chat_msg_has(msg, CHAT_SLOT_VIA))
		return false;
	if (!chat_msg_has(msg, CHAT_SLOT_CHANNEL) ||
		!chat_via_name(own, &msg->value[CHAT_SLOT_ID], &msg->value[CHAT_SLOT_CHANNEL]))
		own[0] = '\0';
	return has_name(&msg->value[CHAT_SLOT_VIA], here, own);
}

size_t
chat_via_count(const struct chat_json_value *via)
{
	struct chat_json_value word;
	struct chat_json json;
	size_t count = 0;
	bool first;

	chat_json_begin(&json, via->raw);
	chat_json_enter(&json, &first, NULL);
	while (chat_json_element(&json, &first, NULL) > 0) {
		chat_json_read(&json, &word, NULL);
		count++;
	}
	return count;
}

void
chat_via_write(struct chat_buf *out, const struct chat_json_value *via, const char *name)
{
	const char *separator = "";
	struct chat_json_value word;
	char known[VIA_NAME_SIZE];
	struct chat_json json;
	bool first;

	chat_buf_append_string(out, "[");
	if (via) {
		chat_json_begin(&json, via->raw);
		chat_json_enter(&json, &first, NULL);
		while (chat_json_element(&json, &first, NULL) > 0) {
			chat_json_read(&json, &word, NULL);
			name_read(known, &word);
			chat_buf_printf(out, "%s\"%s\"", separator, known);
			separator = ",";
		}
	}
	if (*name)
		chat_buf_printf(out, "%s\"%s\"", separator, name);
	chat_buf_append_string(out, "]");
}

unsigned
chat_via_hops(const struct chat_msg *msg)
{
	struct nonce nonce = {0};
	int64_t hops = 0;

	if (chat_msg_has(msg, CHAT_SLOT_HOPS))
		chat_json_int64(msg->value[CHAT_SLOT_HOPS].raw, &hops);
	if (chat_msg_has(msg, CHAT_SLOT_NONCE) &&
		chat_nonce_read(&nonce, &msg->value[CHAT_SLOT_NONCE]) &&
		nonce.hops > (uint64_t)hops)
		hops = nonce.hops < CHAT_HOPS_MOST ? (int64_t)nonce.hops : CHAT_HOPS_MOST;
	return (unsigned)hops;
}
