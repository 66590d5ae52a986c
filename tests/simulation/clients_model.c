/*
 * The promises of the clients: a receipt is the server's message of its own line, a listener
 * hears what was said and nothing else, a bot answers each question once, and an exit status is one
 * that the manual has.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/bot.h"
#include "simulation/client_commands.h"
#include "simulation/liar.h"
#include "simulation/lines.h"
#include "simulation/said.h"

/* ---- senders ---- */

static unsigned
lines_of(const struct client_plan *plan)
{
	if (plan->kind == CLIENT_MEMBER)
		return plan->lines;
	if (plan->form == SEND_WORDS)
		return 1;
	if (client_sends_stdin(plan))
		return 1;
	return plan->form == SEND_FILES && plan->lines > 20 ? 20 : plan->lines;
}

/* The content of a message of a line. */
static void
write_content(const struct client_plan *plan, char *text, unsigned number, unsigned line)
{
	if (plan->kind == CLIENT_SENDER && plan->form == SEND_FILES) {
		snprintf(text, TEXT_MOST, "c%u-%u", number, line);
		return;
	}
	client_text(text, number, line);
	strcat(text, client_tail(plan));
}

static bool
is_self(const struct client_plan *plan, const struct said *said, unsigned number)
{
	char id[24], name[24];

	snprintf(id, sizeof(id), "c%u", number);
	snprintf(name, sizeof(name), "client%u", number);
	return strcmp(said->author, id) == 0 || strcmp(said->author, name) == 0 ||
		(plan->lied_to && strcmp(said->author, LIAR_GIVES) == 0);
}

/* The lines that a sender has printed. */
struct receipts {
	unsigned count, accepted, others;
};

static void
check_receipt(struct list *list, unsigned number, const struct said *said, unsigned line)
{
	const struct client_plan *plan = &list->run->plan->client[number];
	char text[TEXT_MOST + 1];

	write_content(plan, text, number, line);
	if (plan->lied_to && plan->form == SEND_FILES && plan->kind == CLIENT_SENDER)
		strcpy(said->content, text); /* its file is compared, not this */
	if (!is_self(plan, said, number))
		run_fail(
			list->run, "client %u has a receipt of what %s said", number, said->author);
	else if ((plan->kind == CLIENT_MEMBER || plan->form != SEND_SPLIT) &&
		strcmp(text, said->content) != 0)
		run_fail(list->run, "client %u has \"%.40s\" as the receipt of \"%.40s\"", number,
			said->content, text);
	else if (!plan->lied_to && !said_find(list, said->id) && !list->lossy)
		run_fail(list->run, "client %u has a receipt of %s, which nobody has", number,
			said->id);
}

static bool
is_receipt_of(
	const struct client_plan *plan, const struct said *said, unsigned number, unsigned line)
{
	char text[TEXT_MOST + 1];

	write_content(plan, text, number, line);
	return strcmp(text, said->content) == 0;
}

static void
read_receipts(struct list *list, unsigned number, struct chat_span rest, struct receipts *receipts)
{
	const struct client_plan *plan = &list->run->plan->client[number];
	struct chat_span line;
	struct said said;

	while (line_next(&rest, &line)) {
		bool is_message = said_read(line, &said);

		if (is_message && *said.reply_to && client_wants_replies(plan) &&
			!is_self(plan, &said, number))
			continue; /* an answer */
		if (is_message && client_wants_replies(plan) && plan->lied_to && *said.reply_to &&
			!is_receipt_of(plan, &said, number, receipts->count))
			continue; /* an answer in our own name */
		if (is_message)
			check_receipt(list, number, &said, receipts->count);
		receipts->accepted += is_message;
		receipts->others += !is_message && !memmem(line.at, line.len, "$looped", 7) &&
			!memmem(line.at, line.len, "$passed", 7);
		receipts->count++;
	}
	if (plan->form != SEND_SPLIT && receipts->count > lines_of(plan))
		run_fail(list->run, "client %u printed %u receipts for %u lines", number,
			receipts->count, lines_of(plan));
}

/* Every text of a sender is there at most once, and that of one that ended well at least once. */
static void
check_said(struct list *list, unsigned number, bool all)
{
	const struct client_plan *plan = &list->run->plan->client[number];
	char text[TEXT_MOST + 1];

	for (unsigned line = 0; !list->lossy && line < lines_of(plan); line++) {
		unsigned count = 0;

		write_content(plan, text, number, line);
		for (size_t i = 0; i < list->count; i++)
			count += strcmp(list->said[i].content, text) == 0;
		if (count > 1 || (all && count == 0))
			run_fail(list->run, "\"%.40s\" is there %u times", text, count);
	}
}

static void
check_sender(struct list *list, unsigned number, struct chat_span text)
{
	const struct client_plan *plan = &list->run->plan->client[number];
	const struct actor *actor = &list->run->client[number];
	bool prints = !(plan->options & (SEND_TEE | SEND_QUIET));
	int status = process_status(actor->started[0].process);
	struct receipts receipts = {0};
	bool well = status == 0 && !actor->started[0].killed;

	if (prints)
		read_receipts(list, number, text, &receipts);
	if (well && receipts.others)
		run_fail(list->run, "client %u ended with 0, and %u lines were not accepted",
			number, receipts.others);
	if (well && prints && plan->output <= OUTPUT_PIPE && plan->form != SEND_SPLIT &&
		receipts.count != lines_of(plan))
		run_fail(list->run, "client %u ended with 0 after %u of %u receipts", number,
			receipts.count, lines_of(plan));
	if (!plan->lied_to && plan->form != SEND_SPLIT)
		check_said(list, number, well && plan->form != SEND_ODD);
}

/* ---- listeners ---- */

/* A file that was saved is the one that was sent. */
static void
check_saved(struct list *list, unsigned number, struct chat_span line, const char *content)
{
	static char bytes[CLIENT_FILE_MOST];
	const char *path = memmem(line.at, line.len, "\"path\":\"", 8), *saved;
	unsigned sender, sent;
	char name[300];
	size_t len;

	if (!path || sscanf(content, "c%u-%u", &sender, &sent) != 2)
		return;
	snprintf(name, sizeof(name), "/%.*s", (int)strcspn(path + 8, "\""), path + 8);
	saved = disk_bytes(name + (name[1] == '/'), &len);
	if (!saved || len != client_file(bytes, sender, sent) || memcmp(saved, bytes, len) != 0)
		run_fail(list->run, "client %u saved %zu bytes that are not %s as %s", number, len,
			content, name);
}

/* Lines for people have no control characters but those that are meant. */
static void
check_human(struct list *list, unsigned number, struct chat_span text)
{
	bool color = list->run->plan->client[number].options & LISTEN_COLOR;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.at[i];

		if (byte == 0x7f || (byte < 0x20 && byte != '\n' && !(color && byte == 0x1b)))
			run_fail(list->run, "client %u printed the byte %02x for people", number,
				byte);
	}
}

/* Returns true if all messages of its channels are printed. */
static bool
hears_all(const struct client_plan *plan)
{
	return plan->form == LISTEN_CURSOR && plan->window % 3 != 0 &&
		!(plan->options &
			(LISTEN_FROM | LISTEN_NO_LOOP | LISTEN_QUIET | LISTEN_HUMAN |
				LISTEN_NO_USER | LISTEN_LINE));
}

/* channel: NULL, or the only one that it listens to. */
static void
check_missing(struct list *list, unsigned number, const bool *heard, const char *channel)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->said[i].kept && !heard[i] &&
			(!channel || strcmp(list->said[i].channel, channel) == 0))
			run_fail(list->run, "client %u misses %s \"%.40s\"", number,
				list->said[i].id, list->said[i].content);
}

static void
check_listener(struct list *list, unsigned number, struct chat_span text)
{
	const struct client_plan *plan = &list->run->plan->client[number];
	const struct actor *actor = &list->run->client[number];
	bool *heard = calloc(list->count + 1, sizeof(*heard));
	struct chat_span rest = text, line;
	struct said said, *known;
	size_t last[CHANNELS] = {0};

	if ((plan->options & LISTEN_HUMAN) && !(plan->options & LISTEN_QUIET))
		check_human(list, number, text);
	while (!plan->lied_to && line_next(&rest, &line)) {
		size_t *before;

		if (!said_read(line, &said))
			continue;
		known = said_find(list, said.id);
		before = &last[strcmp(said.channel, "/") != 0];
		if (known && strcmp(known->content, said.content) != 0)
			run_fail(list->run, "client %u heard \"%.40s\" as %s", number, said.content,
				said.id);
		if (!known && !list->lossy)
			run_fail(list->run, "client %u heard %s, which nobody said", number,
				said.id);
		if (known && known->place && known->place <= *before && actor->count == 1)
			run_fail(list->run, "client %u heard %s again or late", number, said.id);
		if (known)
			heard[known - list->said] = true;
		*before = known && known->place > *before ? known->place : *before;
		check_saved(list, number, line, said.content);
	}
	if (!plan->lied_to && hears_all(plan) && !list->lossy && plan->output == OUTPUT_FILE)
		check_missing(list, number, heard, NULL);
	free(heard);
}

/* ---- programs on the library ---- */

struct member_output {
	bool *heard; /* for each message of the list */
	size_t last; /* the place of the last one that was heard */
	unsigned results; /* of its lines */
};

static void
check_member_message(
	struct list *list, unsigned number, struct member_output *output, const struct said *said)
{
	const struct said *known = said_find(list, said->id);

	if (list->run->plan->client[number].lied_to || list->lossy)
		return;
	if (!known || strcmp(known->content, said->content) != 0) {
		run_fail(list->run, "client %u heard \"%.40s\" as %s", number, said->content,
			said->id);
		return;
	}
	if (output->heard[known - list->said] || (known->place && known->place <= output->last))
		run_fail(list->run, "client %u heard %s again or late", number, said->id);
	output->heard[known - list->said] = true;
	output->last = known->place ? known->place : output->last;
}

/* Each line has one result, in their order, and what was accepted is what was said. */
static void
check_member_line(
	struct list *list, unsigned number, struct member_output *output, struct chat_span line)
{
	bool is_result = line.len > 2 && strchr("ARUN", line.at[0]);
	const char *json = is_result ? memchr(line.at + 2, ' ', line.len - 2) : line.at + 1;
	struct said said;

	if (is_result && strtoul(line.at + 2, NULL, 10) != output->results++)
		run_fail(list->run, "client %u has the result %.*s late or twice", number, 10,
			line.at);
	if (!json || (line.at[0] != 'A' && line.at[0] != 'M') ||
		!said_read((struct chat_span){json + 1, (size_t)(line.at + line.len - json) - 1},
			&said))
		return;
	if (line.at[0] == 'A')
		check_receipt(list, number, &said, output->results - 1);
	else
		check_member_message(list, number, output, &said);
}

static void
check_member(struct list *list, unsigned number, struct chat_span text)
{
	const struct client_plan *plan = &list->run->plan->client[number];
	struct member_output output = {calloc(list->count + 1, sizeof(bool)), 0, 0};
	struct chat_span line;

	while (line_next(&text, &line))
		check_member_line(list, number, &output, line);
	if (!plan->lied_to)
		check_said(list, number, false);
	if (!plan->lied_to && plan->form % 2 == 0 && plan->end_ns == NEVER && !list->lossy)
		check_missing(list, number, output.heard, plan->channel ? "/ops" : "/");
	free(output.heard);
}

/* ---- bots ---- */

/* A disk that is too slow for --disk-timeout refuses messages, also answers. */
static bool
was_refused(unsigned number)
{
	static const char words[] = "\"code\":\"storage_failed\"";
	char path[64];
	const char *errors;
	size_t len;

	run_path(path, sizeof(path), "client-errors", number, 0);
	errors = disk_bytes(path, &len);
	return errors && memmem(errors, len, words, sizeof(words) - 1);
}

/* A bot without faults around it answers each question; no bot answers one twice. */
static void
check_bot(struct list *list, unsigned number)
{
	const struct client_plan *plan = &list->run->plan->client[number];
	unsigned *answers = calloc(list->count + 1, sizeof(*answers));
	const char *channel = plan->channel ? "/ops" : "/";
	struct said *question;

	for (size_t i = 0; i < list->count; i++) {
		const struct said *said = &list->said[i];

		if (!is_self(plan, said, number) || strncmp(said->content, "re ", 3) != 0)
			continue;
		question = said_find(list, said->reply_to);
		if (strcmp(said->content + 3, said->reply_to) != 0 || (!question && !list->lossy))
			run_fail(list->run, "client %u answers %s by \"%s\"", number,
				said->reply_to, said->content);
		if (question)
			answers[question - list->said]++;
	}
	for (size_t i = 0; i < list->count && !list->lossy; i++) {
		const struct said *said = &list->said[i];
		bool is_question = said->kept && strcmp(said->channel, channel) == 0 &&
			bot_answers(said->id, said->content);

		if (answers[i] > 1 ||
			(is_question && !answers[i] && plan->dies_how && !was_refused(number)))
			run_fail(list->run, "client %u answers %s \"%.40s\" %u times", number,
				said->id, said->content, answers[i]);
	}
	free(answers);
}

/* ---- the whole ---- */

static bool
is_documented(const struct run *run, const struct client_plan *plan, int status)
{
	static const int usual[] = {0, 1, 2, 65, 69, 75, 124, 128 + SIGPIPE};
	static const int by_liars[] = {68, 76, 77};

	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (status == usual[i])
			return true;
	for (size_t i = 0; plan->lied_to && i < sizeof(by_liars) / sizeof(*by_liars); i++)
		if (status == by_liars[i])
			return true;
	if (status == 74)
		return plan->output >= OUTPUT_FULL || plan_disk_fails(run->plan);
	if (status == 73)
		return plan_disk_fails(run->plan);
	return plan->kind == CLIENT_BOT &&
		(status == (int)plan->dies_how || (!client_has_program(plan) && status >= 126));
}

static void
check_status(struct run *run, unsigned number)
{
	const struct actor *actor = &run->client[number];

	for (unsigned i = 0; i < actor->count; i++) {
		const struct started *started = &actor->started[i];
		int status = process_status(started->process);

		if (!started->killed && !is_documented(run, &run->plan->client[number], status))
			run_fail(run, "client %u ended with %d", number, status);
	}
}

static void
check_client(struct list *list, unsigned number)
{
	const struct client_plan *plan = &list->run->plan->client[number];
	struct actor *actor = &list->run->client[number];
	struct chat_span text;
	char path[64];

	if (plan->absent || !actor->count)
		return;
	check_status(list->run, number);
	run_path(path, sizeof(path), "client", number, 0);
	text.at = actor->printed.at ? actor->printed.at : disk_bytes(path, &text.len);
	if (actor->printed.at)
		text.len = actor->printed.len;
	if (!text.at)
		text = (struct chat_span){"", 0};
	if (plan->kind == CLIENT_SENDER)
		check_sender(list, number, text);
	else if (plan->kind == CLIENT_LISTENER)
		check_listener(list, number, text);
	else if (plan->kind == CLIENT_MEMBER)
		check_member(list, number, text);
	else if (!plan->lied_to && client_has_program(plan))
		check_bot(list, number);
}

void
clients_check(struct run *run)
{
	struct list list = {.run = run, .lossy = run->loss_count > 0 || plan_disk_fails(run->plan)};

	if (run->plan->clients)
		said_take_all(&list);
	for (unsigned i = 0; i < run->plan->clients; i++)
		check_client(&list, i);
	said_free(&list);
}
