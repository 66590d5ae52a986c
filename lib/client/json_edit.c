/* Changes to JSON texts without decoding them. */
#include "client/json_edit.h"

void
chat_json_edit_add(struct chat_buf *out, struct chat_span object, struct chat_span member)
{
	while (object.len > 0 && object.at[object.len - 1] != '}')
		object.len--;
	chat_buf_append(out, object.at, object.len - 1);
	chat_buf_append(out, ",", 1);
	chat_buf_append_span(out, member);
	chat_buf_append(out, "}", 1);
}

void
chat_json_edit_comma(struct chat_buf *out)
{
	if (out->at[out->len - 1] != '{')
		chat_buf_append(out, ",", 1);
}

int
chat_json_edit_without(struct chat_buf *out, struct chat_span object,
	chat_json_edit_leaves_out *leaves_out, void *arg)
{
	struct chat_json_value key, value;
	struct chat_json json;
	bool first;
	int more;

	chat_json_begin(&json, object);
	json.any_escape = true;
	if (chat_json_enter(&json, &first, NULL) < 0)
		return -1;
	chat_buf_append(out, "{", 1);
	while ((more = chat_json_member(&json, &first, &key, NULL)) > 0) {
		if (chat_json_read(&json, &value, NULL) < 0)
			return -1;
		if (leaves_out(arg, &key))
			continue;
		chat_json_edit_comma(out);
		chat_buf_append_span(out, key.raw);
		chat_buf_append(out, ":", 1);
		chat_buf_append_span(out, value.raw);
	}
	return more;
}

struct chat_span
chat_json_edit_compact(struct chat_buf *out, struct chat_span text)
{
	bool inside = false;
	char *to;

	out->len = 0;
	to = chat_buf_reserve(out, text.len);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (inside && c == '\\' && i + 1 < text.len)
			*to++ = text.at[i++];
		else if (c == '"')
			inside = !inside;
		else if (!inside && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
			continue;
		*to++ = text.at[i];
	}
	out->len = (size_t)(to - out->at);
	return chat_buf_span(out);
}
