#ifndef CHAT_MESSAGE_FILE_CHECK_H
#define CHAT_MESSAGE_FILE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/json.h"
#include "chat/rules.h"
#include "message/finding.h"

/*
 * Strict checking of a file: its data is canonical base64 (RFC 4648 section 3.5) and stands for as
 * many bytes as its `size` says. Zero-initialised it has seen neither of the two.
 */
struct chat_file_check {
	bool has_data, has_size;
	size_t data_bytes; /* the size of the decoded data; valid if has_data */
	struct chat_json_value size; /* valid if has_size */
};

/* Returns true if a rule is one of the two that are checked. */
static inline bool
chat_file_check_needs(const struct chat_rule *rule)
{
	return rule->format == CHAT_FORMAT_BASE64 || rule->slot == CHAT_SLOT_FILE_SIZE;
}

/*
 * Takes the data or the size of the file, which its rule has already accepted. Adds findings at
 * `place`: bad_base64, or bad_message if the sizes differ.
 */
void chat_file_check(struct chat_file_check *check, struct chat_findings *findings,
	const struct chat_rule *rule, const struct chat_json_value *value,
	const struct chat_place *place);

#endif
