/*
 * Reports the result of every message. A receipt is the server's own line: the `message` that it
 * made, or its `error` with the number of the input line. A result that the server does not tell
 * has a line of ours, whose type begins with $.
 */
#include "send/report.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/diag.h"
#include "send/file_receipt.h"
#include "text/json_strdup.h"

void
report_line(struct report *report, struct chat_span line)
{
	if (report->broken.code)
		report->unwritten++;
	else
		output_line(&report->output, line);
}

/* Prints a receipt, if receipts are wanted. */
static void
print_receipt(struct report *report, struct chat_span line)
{
	if (!report->quiet && !report->tee)
		report_line(report, line);
}

/* Prints a receipt of our own: {"type":"$unknown","line":3}. */
static void
print_state(struct report *report, const struct item *item, const char *type)
{
	char line[80];
	int len;

	len = snprintf(line, sizeof(line), "{\"type\":\"$%s\",\"line\":%llu}", type,
		(unsigned long long)item->line);
	print_receipt(report, (struct chat_span){line, (size_t)len});
}

/* Reads the code and the sentence of an error message. The caller frees both. */
static void
error_parts(const struct chat_msg *msg, char **code, char **text)
{
	*code = chat_json_strdup(&msg->value[CHAT_SLOT_CODE]);
	*text = chat_json_strdup(&msg->value[CHAT_SLOT_MESSAGE]);
}

/* Warns of a message that was refused or is illegal. */
static void
warn_refused(const struct report *report, const struct item *item)
{
	struct chat_span receipt = {item->receipt, item->receipt_len};
	struct chat_msg msg;
	char *code, *text, *field = NULL;

	if (chat_msg_read(&msg, receipt, CHAT_FROM_SERVER, NULL) < 0)
		return;
	error_parts(&msg, &code, &text);
	if (chat_msg_has(&msg, CHAT_SLOT_FIELD))
		field = chat_json_strdup(&msg.value[CHAT_SLOT_FIELD]);
	chat_warn("%s %llu: %s: %s%s%s", source_noun(report->source),
		(unsigned long long)item->line, code, field ? field : "", field ? ": " : "", text);
	free(field);
	free(code);
	free(text);
}

/* Lines of unknown result in a row, for the same reason, are reported in one sentence. */
static void
hold_unknown(struct report *report, const struct item *item)
{
	if (report->unknown.first && item->line == report->unknown.last + 1 &&
		item->why == report->unknown.why) {
		report->unknown.last = item->line;
		return;
	}
	report_unknown(report);
	report->unknown.first = report->unknown.last = item->line;
	report->unknown.why = item->why;
}

void
report_unknown(struct report *report)
{
	const char *noun = source_noun(report->source), *why = report->unknown.why;
	unsigned long long first = report->unknown.first, last = report->unknown.last;
	const char *because = why ? ": " : "";

	if (first == 0)
		return;
	report->unknown.first = 0;
	if (first == last)
		chat_warn("%s %llu: may or may not have been accepted%s%s", noun, first, because,
			why ? why : "");
	else
		chat_warn("%ss %llu-%llu: may or may not have been accepted%s%s", noun, first, last,
			because, why ? why : "");
}

/* Prints an accepted message as it was given: a line of JSON, or a line of text. */
static void
tee(struct report *report, const struct item *item)
{
	const struct draft *draft = &item->draft;
	char *text;

	if (draft->type != CHAT_TYPE_TEXT || !report->source->lines_are_text) {
		report_line(report, (struct chat_span){draft->body, draft->len});
		return;
	}
	text = chat_json_strdup(&draft->text);
	report_line(report, chat_span_of(text));
	free(text);
}

static void
report_accepted(struct report *report, const struct item *item)
{
	struct chat_span receipt = {item->receipt, item->receipt_len};
	struct chat_buf brief = {0};

	if (report->tee) {
		tee(report, item);
	} else if (item->draft.type != CHAT_TYPE_FILE || report->full_receipts) {
		print_receipt(report, receipt);
	} else {
		file_receipt_write(&brief, &item->draft, receipt);
		print_receipt(report, chat_buf_span(&brief));
		chat_buf_free(&brief);
	}
}

static void
report_item(struct report *report, const struct item *item)
{
	struct report_counts *counts = &report->counts;

	switch (item->state) {
	case ITEM_ACCEPTED:
		counts->accepted++;
		report_accepted(report, item);
		break;
	case ITEM_PASSED:
		counts->accepted++;
		if (report->tee)
			tee(report, item);
		print_state(report, item, "passed");
		break;
	case ITEM_REFUSED:
	case ITEM_ILLEGAL:
		*(item->state == ITEM_REFUSED ? &counts->refused : &counts->illegal) += 1;
		print_receipt(report, (struct chat_span){item->receipt, item->receipt_len});
		warn_refused(report, item);
		break;
	case ITEM_LOOPED:
		print_state(report, item, "looped");
		break;
	case ITEM_UNKNOWN:
		counts->unknown++;
		print_state(report, item, "unknown");
		hold_unknown(report, item);
		break;
	default:
		counts->unsent++;
		print_state(report, item, "unsent");
	}
}

void
report_settled(struct report *report, struct outbox *outbox)
{
	const struct item *item;

	while ((item = chat_outbox_settled(outbox))) {
		report_item(report, item);
		chat_outbox_pop(outbox);
	}
}

void
report_stray_error(const char *url, const struct chat_msg *msg)
{
	char *code, *text;

	error_parts(msg, &code, &text);
	chat_warn("%s: %s: %s", url, code, text);
	free(code);
	free(text);
}

int
report_flush(struct report *report)
{
	if (report->broken.code || output_flush(&report->output, &report->broken) >= 0)
		return 0;
	if (errno == EPIPE)
		chat_die_by_signal(SIGPIPE);
	report->unwritten = output_pending_lines(&report->output);
	output_discard(&report->output);
	return -1;
}
