#ifndef CHAT_MESSAGE_FILE_CHECK_H
#define CHAT_MESSAGE_FILE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/json.h"
#include "message/finding.h"
#include "message/rules.h"

/*
 * The state of the strict check of one file: its data must be canonical base64 (RFC 4648 section
 * 3.5), and the decoded data must have `size` bytes. Zero-initialise it before the first call.
 */
struct chat_file_check {
	bool has_data, has_size;
	size_t data_bytes; /* the size of the decoded data; valid if has_data */
	struct chat_json_value size; /* valid if has_size */
};

/* Returns true if the rule is that of the data or the size of a file. */
static inline bool
chat_file_check_needs(const struct chat_rule *rule)
{
	return rule->format == CHAT_FORMAT_BASE64 || rule->slot == CHAT_SLOT_FILE_SIZE;
}

/*
 * Checks the data or the size of the file. The value must be valid by its rule. Adds findings about
 * `place`: bad_base64 if the data is not canonical; bad_message if data and size are both known and
 * do not match.
 */
void chat_file_check(struct chat_file_check *check, struct chat_findings *findings,
	const struct chat_rule *rule, const struct chat_json_value *value,
	const struct chat_place *place);

#endif
