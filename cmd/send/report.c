/*
 * The true word about every message. A receipt is the server's own line: the `message` it made, or
 * its `error` with the number of the input line; what the server did not say has a type with a $.
 */
#include "send/report.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/history.h"
#include "command/diag.h"
#include "send/brief.h"
#include "send/sender.h"

static void
write_line(struct sender *sender, struct chat_span line)
{
	if (sender->broken.code)
		sender->unwritten++;
	else
		output_line(&sender->output, line);
}

static void
print(struct sender *sender, struct chat_span line)
{
	if (!sender->options->quiet && !sender->options->tee)
		write_line(sender, line);
}

static void
print_state(struct sender *sender, const struct item *item, const char *type)
{
	char line[80];
	int len;

	len = snprintf(line, sizeof(line), "{\"type\":\"$%s\",\"line\":%llu}", type,
		(unsigned long long)item->line);
	print(sender, (struct chat_span){line, (size_t)len});
}

/* "code: sentence" of an error message, for people. The caller frees both. */
static void
error_parts(const struct chat_msg *msg, char **code, char **text)
{
	*code = chat_msg_string(&msg->value[CHAT_SLOT_CODE]);
	*text = chat_msg_string(&msg->value[CHAT_SLOT_MESSAGE]);
}

static void
warn_refused(const struct sender *sender, const struct item *item)
{
	struct chat_span receipt = {item->receipt, item->receipt_len};
	struct chat_msg msg;
	char *code, *text, *field = NULL;

	if (chat_msg_read(&msg, receipt, CHAT_FROM_SERVER, NULL) < 0)
		return;
	error_parts(&msg, &code, &text);
	if (chat_msg_has(&msg, CHAT_SLOT_FIELD))
		field = chat_msg_string(&msg.value[CHAT_SLOT_FIELD]);
	chat_warn("%s %llu: %s: %s%s%s", source_noun(sender->source),
		(unsigned long long)item->line, code, field ? field : "", field ? ": " : "", text);
	free(field);
	free(code);
	free(text);
}

/* Lines one after the other whose fate is unknown, for the same reason, are told in one sentence.
 */
static void
report_unknown(struct sender *sender, const struct item *item)
{
	if (sender->unknown_first && item->line == sender->unknown_last + 1 &&
		item->why == sender->unknown_why) {
		sender->unknown_last = item->line;
		return;
	}
	report_end(sender);
	sender->unknown_first = sender->unknown_last = item->line;
	sender->unknown_why = item->why;
}

void
report_end(struct sender *sender)
{
	const char *noun = source_noun(sender->source), *why = sender->unknown_why;
	unsigned long long first = sender->unknown_first, last = sender->unknown_last;
	const char *because = why ? ": " : "";

	if (first == 0)
		return;
	sender->unknown_first = 0;
	if (first == last)
		chat_warn("%s %llu: may or may not have been accepted%s%s", noun, first, because,
			why ? why : "");
	else
		chat_warn("%ss %llu-%llu: may or may not have been accepted%s%s", noun, first, last,
			because, why ? why : "");
}

/* The input itself: its line of JSON, or the text that a line was. */
static void
tee(struct sender *sender, const struct item *item)
{
	const struct draft *draft = &item->draft;
	char *text;

	if (draft->type != CHAT_TYPE_TEXT || !sender->source->lines_are_text) {
		write_line(sender, (struct chat_span){draft->body, draft->len});
		return;
	}
	text = chat_msg_string(&draft->text);
	write_line(sender, chat_span_of(text));
	free(text);
}

static void
report_accepted(struct sender *sender, const struct item *item)
{
	struct chat_span receipt = {item->receipt, item->receipt_len};
	struct chat_buf brief = {0};

	if (sender->options->tee) {
		tee(sender, item);
	} else if (item->draft.type != CHAT_TYPE_FILE || sender->options->full_receipts) {
		print(sender, receipt);
	} else {
		brief_receipt(&brief, &item->draft, receipt);
		print(sender, chat_buf_span(&brief));
		chat_buf_free(&brief);
	}
}

static void
report_item(struct sender *sender, const struct item *item)
{
	struct sender_counts *counts = &sender->counts;

	switch (item->state) {
	case ITEM_ACCEPTED:
		counts->accepted++;
		report_accepted(sender, item);
		break;
	case ITEM_PASSED:
		counts->accepted++;
		if (sender->options->tee)
			tee(sender, item);
		print_state(sender, item, "passed");
		break;
	case ITEM_REFUSED:
	case ITEM_ILLEGAL:
		*(item->state == ITEM_REFUSED ? &counts->refused : &counts->illegal) += 1;
		print(sender, (struct chat_span){item->receipt, item->receipt_len});
		warn_refused(sender, item);
		break;
	case ITEM_LOOPED:
		print_state(sender, item, "looped");
		break;
	case ITEM_UNKNOWN:
		counts->unknown++;
		print_state(sender, item, "unknown");
		report_unknown(sender, item);
		break;
	default:
		counts->unsent++;
		print_state(sender, item, "unsent");
	}
}

void
report_settled(struct sender *sender)
{
	const struct item *item;

	while ((item = outbox_settled(&sender->courier.outbox))) {
		report_item(sender, item);
		outbox_pop(&sender->courier.outbox);
	}
}

void
report_flush(struct sender *sender)
{
	if (sender->broken.code || output_flush(&sender->output, &sender->broken) >= 0)
		return;
	if (errno == EPIPE)
		chat_die_by_signal(SIGPIPE);
	sender->failed_status = chat_exit_status(sender->broken.code);
	sender->unwritten = output_pending_lines(&sender->output);
	output_discard(&sender->output);
	sender->input_ended = sender->source->stopped = true;
}

static void
report_reply(struct sender *sender, const struct chat_msg *msg, struct chat_span text)
{
	if (!chat_msg_has(msg, CHAT_SLOT_REPLY_TO) || report_answered(sender) ||
		!seen_has(&sender->accepted, &msg->value[CHAT_SLOT_REPLY_TO]) ||
		seen_has(&sender->answers, &msg->value[CHAT_SLOT_ID]))
		return;
	seen_add(&sender->answers, &msg->value[CHAT_SLOT_ID]);
	sender->answer_count++;
	write_line(sender, text);
}

void
report_replies(struct sender *sender, const struct chat_msg *msg, struct chat_span text)
{
	struct history history;
	struct chat_msg past;

	if (sender->options->replies == 0)
		return;
	if (msg->type == CHAT_TYPE_MESSAGE)
		report_reply(sender, msg, text);
	if (msg->type != CHAT_TYPE_HISTORY)
		return;
	history_begin(&history, msg);
	while (history_next(&history, &text, &past))
		report_reply(sender, &past, text);
}

bool
report_answered(const struct sender *sender)
{
	return sender->hopeless || sender->answer_count >= sender->options->replies ||
		sender->asked == 0;
}

void
report_rejoined(struct sender *sender, bool complete)
{
	const struct peer *peer = &sender->membership.peer;

	if (complete || sender->asked == 0 || report_answered(sender))
		return;
	if (peer->instance == sender->instance) {
		chat_warn("%s: answers may be missing that came meanwhile",
			sender->membership.url_text);
		return;
	}
	chat_warn("%s: the server was started anew and does not have what was asked: "
		  "no answer will come to it",
		sender->membership.url_text);
	sender->asked = 0;
	seen_free(&sender->accepted);
	sender->failed_status = CHAT_EXIT_UNAVAILABLE;
}

void
report_overdue(const struct sender *sender)
{
	const struct membership *membership = &sender->membership;
	bool joined =
		membership->state == MEMBERSHIP_JOINED || membership->state == MEMBERSHIP_CLOSING;
	long long answers = sender->answer_count, wanted = sender->options->replies;

	if (sender->connected && !joined)
		chat_warn("%s: %s", membership->url_text,
			sender->lost.code ? sender->lost.text : "not connected yet");
	if (wanted > 0 && !report_answered(sender))
		chat_warn("time limit: %lld of %lld answers came", answers, wanted);
	else
		chat_warn("time limit");
}

void
report_stray_error(struct sender *sender, const struct chat_msg *msg)
{
	char *code, *text;

	error_parts(msg, &code, &text);
	chat_warn("%s: %s: %s", sender->membership.url_text, code, text);
	free(code);
	free(text);
	if (sender->courier.outbox.ack == ACK_CLOSE)
		sender->counts.refused++;
}

int
report_status(const struct sender *sender)
{
	const struct sender_counts *counts = &sender->counts;

	if (sender->broken.code)
		chat_warn("%s: %llu %s", sender->broken.text, (unsigned long long)sender->unwritten,
			sender->unwritten > 1 ? "lines were not written" : "line was not written");
	if (counts->unsent > 0)
		chat_warn("%llu %s%s not sent", (unsigned long long)counts->unsent,
			source_noun(sender->source), counts->unsent > 1 ? "s" : "");
	if ((sender->hopeless || sender->broken.code) && !sender->caught_signal &&
		source_is_unread(sender->source))
		chat_warn("what follows line %llu was not read",
			(unsigned long long)sender->source->lines.number);
	if (sender->caught_signal)
		return -sender->caught_signal;
	if (sender->failed_status == CHAT_EXIT_IO || sender->failed_status == CHAT_EXIT_TIMEOUT)
		return sender->failed_status;
	if (counts->unknown > 0)
		return CHAT_EXIT_UNKNOWN;
	if (sender->failed_status)
		return sender->failed_status;
	if (counts->refused > 0)
		return CHAT_EXIT_NO;
	return counts->illegal > 0 ? CHAT_EXIT_BAD_LINE : CHAT_EXIT_OK;
}
