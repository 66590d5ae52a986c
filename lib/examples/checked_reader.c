/*
 * Reads a stream of messages that it does not trust, and checks it on the way: prints who said
 *what, and the findings on standard error. It never waits for more than what is there, so it works
 *on a pipe, too:
 *
 *	chat-listen | checked_reader
 *
 * Exits with 1 if a line is no message of a server.
 */
#include <chat/validate.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
print_message(void *arg, const struct chat_msg *msg)
{
	FILE *out = (FILE *)arg;
	char *sender, *content;

	if (msg->type != CHAT_TYPE_MESSAGE)
		return;
	sender = chat_msg_get_string(msg, CHAT_SLOT_SENDER);
	content = chat_msg_get_string(msg, CHAT_SLOT_CONTENT);
	if (sender && content)
		fprintf(out, "%s: %s\n", sender, content);
	free(sender);
	free(content);
}

static void
print_finding(void *arg, uint64_t line, const struct chat_err *finding)
{
	(void)arg;
	fprintf(stderr, "%llu:%llu: %s: %s\n", (unsigned long long)line,
		(unsigned long long)finding->offset + 1, finding->field, finding->text);
}

int
main(void)
{
	struct chat_validator *validator = chat_validator_new(CHAT_FROM_SERVER, 0, 16 << 20);
	const struct chat_counts *counts;
	char block[65536];
	ssize_t got = 0;
	int invalid;

	if (!validator)
		return 2;
	chat_validator_on_message(validator, print_message, stdout);
	chat_validator_on_finding(validator, print_finding, NULL);
	while ((got = read(0, block, sizeof(block))) > 0) {
		if (chat_validator_feed(validator, chat_span_make(block, (size_t)got), NULL) < 0)
			break;
		fflush(stdout);
	}
	if (got != 0 || chat_validator_end(validator, NULL) < 0) {
		perror("checked_reader");
		return 2;
	}
	counts = chat_validator_counts(validator);
	fprintf(stderr, "%llu of %llu lines are messages\n", (unsigned long long)counts->valid,
		(unsigned long long)counts->lines);
	invalid = counts->invalid > 0;
	chat_validator_free(validator);
	return invalid;
}
