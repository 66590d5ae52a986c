/*
 * Makes messages of the log of an IRC client, one day's, of which midnight is given in Unix time:
 *
 *	irc_to_chat $(date -d 2026-11-27 +%s) /ops <irc.log >chat.ndjson
 *
 * A line such as "12:01 <@alice> hello" is a message; who came and went is left out.
 */
#include <chat/build.h>
#include <chat/line_reader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Builds the message of a line. Returns NULL with CHAT_OK if the line is not what somebody said. */
static char *
convert(struct chat_build *build, const char *text, const char *id, int64_t midnight,
	const char *channel, struct chat_err *err)
{
	int hour, minute, said = 0;
	char name[64];

	err->code = CHAT_OK;
	if (sscanf(text, "%2d:%2d <%63[^>]> %n", &hour, &minute, name, &said) != 3 || said == 0)
		return NULL;
	chat_build_string(build, CHAT_SLOT_ID, id);
	chat_build_string(build, CHAT_SLOT_SENDER, name + strspn(name, " @+%&~"));
	chat_build_string(build, CHAT_SLOT_CONTENT, text + said);
	chat_build_integer(
		build, CHAT_SLOT_TIMESTAMP, (midnight + hour * 3600 + minute * 60) * 1000);
	chat_build_string(build, CHAT_SLOT_CHANNEL, channel);
	return chat_build_line(build, err);
}

int
main(int argc, char **argv)
{
	struct chat_line_reader *reader = chat_line_reader_new(0, 4096);
	struct chat_build *build = chat_build_new(CHAT_TYPE_MESSAGE);
	struct chat_span line;
	struct chat_err err = {CHAT_USAGE, 0, "", "give midnight and the channel"};
	int got = 0, failed = argc != 3 || !reader || !build;

	while (!failed && (got = chat_line_reader_next(reader, &line, &err)) > 0) {
		char text[4097] = "", id[32], *json;

		snprintf(id, sizeof(id), "irc-%d", (int)chat_line_reader_number(reader));
		memcpy(text, line.at, line.len);
		json = convert(build, text, id, strtoll(argv[1], NULL, 10), argv[2], &err);
		if (json)
			puts(json);
		failed = err.code != CHAT_OK;
		free(json);
	}
	if (failed || got < 0)
		fprintf(stderr, "irc_to_chat: line %d: %s\n",
			reader ? (int)chat_line_reader_number(reader) : 0, err.text);
	chat_build_free(build);
	chat_line_reader_free(reader);
	return failed || got < 0;
}
