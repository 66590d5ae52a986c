#ifndef CHAT_MESSAGE_VALIDATOR_PRIVATE_H
#define CHAT_MESSAGE_VALIDATOR_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/validate.h"
#include "message/validator.h"

/* Shared by validate.c and validate_lines.c. */

struct chat_validator {
	enum chat_direction from;
	bool strict;
	bool skipping; /* the text continues within a line that is too long */
	size_t max_line;
	struct chat_scan *scan; /* NULL: each line is parsed */
	chat_validate_report *report;
	void *report_arg;
	chat_validate_message *message;
	void *message_arg;
	chat_validate_lines *lines;
	void *lines_arg;
	struct chat_counts counts;
	uint64_t number; /* of the current line, from 1 */
	struct chat_span line; /* the current line */
	char *held; /* the beginning of the next line; NULL if held_cap is 0 */
	size_t held_len, held_cap;
};

/*
 * Checks whole lines, which CHAT_SCAN_PADDING readable bytes follow; padded is false if they do
 * not, and each line is parsed then. cut_off: the last newline is not in the text. Returns 0, or -1
 * if there is no memory.
 */
int chat_validator_check_lines(
	struct chat_validator *validator, struct chat_span text, bool padded, bool cut_off);

#endif
