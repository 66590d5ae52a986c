/*
 * Merges the findings that msg.c adds while it reads and the duplicate keys that duplicate_keys.c
 * found before. Reports all of them in the order of their offsets.
 */
#include "message/finding.h"

#include <stdarg.h>
#include <stdio.h>

#include "text/err.h"
#include "text/span.h"

/* Writes the JSON Pointer (RFC 6901) of a place, cut at `end`, without a NUL. Returns the end of
 * what it wrote. */
static char *
place_print(const struct chat_place *place, char *out, const char *end)
{
	char index[24];

	if (!place)
		return out;
	out = place_print(place->up, out, end);
	out = chat_span_put(out, end, CHAT_SPAN("/"));
	if (place->name.at)
		return chat_span_put(out, end, place->name);
	snprintf(index, sizeof(index), "%zu", place->index);
	return chat_span_put(out, end, chat_span_of(index));
}

void
chat_findings_report(struct chat_findings *findings, const struct chat_err *finding)
{
	findings->reported++;
	findings->report(findings->arg, finding);
}

/*
 * Reports the duplicate keys before an offset. If `same` is true, skips the duplicate key at this
 * offset, because the caller reports it.
 */
static void
report_keys(struct chat_findings *findings, size_t offset, bool same)
{
	for (; findings->next_key < findings->keys.count; findings->next_key++) {
		size_t at = findings->keys.offset[findings->next_key];
		struct chat_err finding;

		if (at > offset || (at == offset && !same))
			return;
		chat_fail_at(&finding, CHAT_DUPLICATE_KEY, at, CHAT_KEY_IS_THERE);
		if (at < offset)
			chat_findings_report(findings, &finding);
	}
}

void
chat_findings_report_keys(struct chat_findings *findings, size_t offset)
{
	report_keys(findings, offset, false);
}

void
chat_findings_add(
	struct chat_findings *findings, const struct chat_place *place, struct chat_err *finding)
{
	bool is_key = finding->code == CHAT_DUPLICATE_KEY;

	findings->added++;
	if (findings->muted > 0 && !is_key)
		return;
	*place_print(place, finding->field, finding->field + sizeof(finding->field) - 1) = '\0';
	report_keys(findings, finding->offset, is_key);
	chat_findings_report(findings, finding);
}

void
chat_findings_printf(struct chat_findings *findings, const struct chat_place *place, const char *at,
	enum chat_code code, const char *format, ...)
{
	struct chat_err finding;
	va_list args;

	va_start(args, format);
	chat_fail_list(&finding, code, (size_t)(at - findings->start), format, args);
	va_end(args);
	chat_findings_add(findings, place, &finding);
}
