/*
 * Compares the data of a file with its size, in strict checking. msg.c calls it once for the data
 * and once for the size, in the order of the line.
 */
#include "message/file_check.h"

#include <stdlib.h>

#include "chat/base64.h"
#include "message/rules.h"

/*
 * Returns true if a base64 string is canonical, or if there is no memory to find it out. Sets
 * *decoded_size in both cases.
 */
static bool
is_canonical(
	struct chat_findings *findings, const struct chat_json_value *string, size_t *decoded_size)
{
	struct chat_span text = chat_json_inside(string);
	char *owned = NULL;
	bool canonical;

	if (string->escaped) {
		owned = malloc(string->raw.len);
		if (!owned) {
			findings->no_memory = true;
			*decoded_size = 0;
			return true;
		}
		text.len = chat_json_unescape(string, owned, string->raw.len);
		text.at = owned;
	}
	canonical = chat_base64_canonical(text.at, text.len);
	*decoded_size = chat_base64_decoded_size(text.at, text.len);
	free(owned);
	return canonical;
}

void
chat_file_check(struct chat_file_check *check, struct chat_findings *findings,
	const struct chat_rule *rule, const struct chat_json_value *value,
	const struct chat_place *place)
{
	if (rule->format == CHAT_FORMAT_BASE64) {
		bool canonical = is_canonical(findings, value, &check->data_bytes);

		check->has_data = !findings->no_memory;
		if (!canonical)
			chat_findings_printf(findings, place, value->raw.at, CHAT_BAD_BASE64,
				"expected base64 with padding and without stray bits");
	} else {
		check->has_size = true;
		check->size = *value;
	}
	if (check->has_data && check->has_size &&
		chat_json_compare_integer(check->size.raw, (int64_t)check->data_bytes) != 0)
		chat_findings_printf(findings, place, value->raw.at, CHAT_BAD_MESSAGE,
			"the data has %zu bytes, which is not the size", check->data_bytes);
}
