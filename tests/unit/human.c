/* chat-listen --human: the layout of messages, and that no text of other people looks like a line
 * of ours. */
#include "listen/human.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tap.h"
#include "text/err.h"

#define HEAD "\"type\":\"message\",\"id\":\"m\",\"timestamp\":1700000000000"

/* Shows a line of JSON. The result is valid until the next call. */
static const char *
show_at(struct human *human, const char *where, const char *json)
{
	static struct chat_buf out;
	struct chat_msg msg;
	static struct chat_err err;

	out.len = 0;
	if (chat_msg_read(&msg, chat_span_of(json), CHAT_FROM_SERVER, &err) < 0)
		return err.text;
	human_write(human, &out, &msg, chat_span_of(where), chat_span_of(json));
	chat_buf_append(&out, "", 1);
	return out.at;
}

/* Shows a message of a log, without the line of the date. content: as in JSON. */
static const char *
show_message(const char *sender, const char *content, unsigned width)
{
	struct human human;
	const char *shown;
	char json[2000];

	human_begin(&human, false, false, -1);
	human.layout.width = width;
	snprintf(json, sizeof(json), "{" HEAD ",\"sender\":\"%s\",\"content\":\"%s\"}", sender,
		content);
	shown = show_at(&human, "", json);
	human_end(&human);
	return strncmp(shown, "--- Tue 2023-11-14\n", 19) == 0 ? shown + 19 : shown;
}

static void
test_lines(void)
{
	is_str(show_message("alice", "one\\ntwo\\\\nthree", 0),
		"22:13:20 <alice> one\n"
		"                 two\\nthree\n",
		"a newline goes on below the text, and the two characters \\n stay");
	is_str(show_message("alice", "a\\r\\nb\\rc\\n", 0),
		"22:13:20 <alice> a\n"
		"                 b\\rc\n"
		"                 \n",
		"so does the newline of other systems; one at the end is an empty line");
	is_str(show_message("alice", "\\u001b[2J\\t\\u0007 c:\\\\dir \\u202eabc", 0),
		"22:13:20 <alice> \\x1b[2J\\t\\x07 c:\\dir \\u202eabc\n",
		"control characters are escaped, a backslash is not");
	is_str(show_message("\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97", "a\\nb", 0),
		"22:13:20 <\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97> a\n"
		"                  b\n",
		"wide characters of a name take two columns");
	is_str(show_message("e\xcc\x81mile", "a\\nb", 0),
		"22:13:20 <e\xcc\x81mile> a\n"
		"                 b\n",
		"a combining one takes none");
}

static void
test_names(void)
{
	is_str(show_message("bob> I quit <x", "hi", 0), "22:13:20 <bob\\x3e I quit \\x3cx> hi\n",
		"a name does not end itself");
	is_str(show_message("bob\\\\x3e", "hi", 0), "22:13:20 <bob\\x5cx3e> hi\n",
		"nor look like one that was escaped");
	is_str(show_message("a\\nb\\u200b", "hi", 0), "22:13:20 <a\\nb\\u200b> hi\n",
		"it is one line, and hides nothing");
}

static void
test_width(void)
{
	is_str(show_message("alice", "hello wide world", 34), "22:13:20 <alice> hello wide world\n",
		"what fits is a line");
	is_str(show_message("alice", "hello wide world", 33), "22:13:20 <alice> hello wide world\n",
		"also to the last column");
	is_str(show_message("alice", "hello wide world 12:00:00 <bob> no", 36),
		"22:13:20 <alice> hello wide world \n"
		"                 12:00:00 <bob> no\n",
		"what does not goes on below");
	is_str(show_message("alice", "aaaaaaaaaaaaaaaaaaaabbb", 37),
		"22:13:20 <alice> aaaaaaaaaaaaaaaaaaaa\n"
		"                 bbb\n",
		"in the middle of a long word");
	is_str(show_message("alice", "\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad", 36 - 12),
		"22:13:20 <alice> \xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\n"
		"  \xe4\xb8\xad\n",
		"a wide character does not cross the edge; little is indented where there is "
		"little room");
	is_str(show_message("alice", "abc", 1),
		"22:13:20 <alice> \n"
		"  a\n"
		"  b\n"
		"  c\n",
		"and there is always room for one");
}

/* Returns the number of lines that do not begin with a blank. */
static int
count_lines(const char *shown)
{
	int count = *shown != ' ';

	for (; *shown; shown++)
		count += *shown == '\n' && shown[1] && shown[1] != ' ';
	return count;
}

/* Texts of random pieces that may be mistaken for lines, at every width. */
static void
test_forgery(void)
{
	static const char *const pieces[] = {"\\n", "\\r", "\\r\\n", " ", "12:00:00 <bob> hi",
		"\\u2028", "\\u0085", "\\u000b", "\xe4\xb8\xad", "e\xcc\x81", "---", "x",
		"\\u001bE", "\\\\n", "\\u202e"};
	char content[1200], name[200];
	int wrong = 0;

	srand(1);
	for (int i = 0; i < 5000; i++) {
		*content = '\0';
		for (int j = rand() % 30; j > 0; j--)
			strcat(content,
				pieces[(size_t)rand() % (sizeof(pieces) / sizeof(*pieces))]);
		snprintf(name, sizeof(name), "%s%s", "bob",
			pieces[(size_t)rand() % (sizeof(pieces) / sizeof(*pieces))]);
		wrong += count_lines(show_message(name, content, (unsigned)rand() % 60)) != 1;
	}
	is_int(wrong, 0, "each message is one line and indented ones");
}

static void
test_others(void)
{
	struct human human;

	human_begin(&human, false, false, -1);
	is_str(show_at(&human, "/ops",
		       "{\"type\":\"userStatus\",\"userId\":\"b\",\"username\":\"bob "
		       "left\",\"online\":true}"),
		"/ops * <bob left> is here\n", "a user who comes");
	is_str(show_at(&human, "",
		       "{\"type\":\"userData\",\"users\":[{\"id\":\"a\",\"username\":\"a, "
		       "b\",\"online\":true},"
		       "{\"id\":\"c\",\"username\":\"carol\",\"online\":true},"
		       "{\"id\":\"d\",\"username\":\"dave\",\"online\":false}]}"),
		"* here: <a, b>, <carol>\n", "the users");
	is_str(show_at(&human, "",
		       "{\"type\":\"error\",\"code\":\"internal\",\"message\":\"a\\nb\"}"),
		"! internal: a\n"
		"            b\n",
		"an error");
	is_str(show_at(&human, "/a b<c>", "{" HEAD ",\"sender\":\"alice\",\"content\":\"x\\ny\"}"),
		"--- Tue 2023-11-14\n"
		"22:13:20 /a\\x20b\\x3cc\\x3e <alice> x\n"
		"                                  y\n",
		"a channel, in which a blank is escaped");
	human_end(&human);
}

/* The days are those of the time zone. */
static void
test_days(void)
{
	struct human human;

	setenv("TZ", "JST-9", 1);
	tzset();
	human_begin(&human, false, false, -1);
	is_str(show_at(&human, "", "{" HEAD ",\"sender\":\"alice\",\"content\":\"x\"}"),
		"--- Wed 2023-11-15\n07:13:20 <alice> x\n", "the first day of a log");
	is_str(show_at(&human, "", "{" HEAD ",\"sender\":\"alice\",\"content\":\"x\"}"),
		"07:13:20 <alice> x\n", "is said once");
	is_str(show_at(&human, "",
		       "{\"type\":\"message\",\"id\":\"n\",\"sender\":\"alice\",\"content\":\"x\","
		       "\"timestamp\":1700060400000}"),
		"--- Thu 2023-11-16\n00:00:00 <alice> x\n", "the next one begins at midnight");
	is_str(show_at(&human, "",
		       "{\"type\":\"message\",\"id\":\"n\",\"sender\":\"alice\",\"content\":\"x\","
		       "\"timestamp\":9007199254740991}"),
		"--- Wed 287396-10-12\n17:59:00 <alice> x\n", "the last one of all");
	human_end(&human);
	human_begin(&human, false, true, -1);
	show_at(&human, "",
		"{\"type\":\"userStatus\",\"userId\":\"b\",\"username\":\"bob\",\"online\":true}");
	ok(strncmp(show_at(&human, "",
			   "{\"type\":\"userStatus\",\"userId\":\"b\",\"username\":\"bob\","
			   "\"online\":true}"),
		   "---", 3) != 0,
		"live, today has no date");
	is_str(show_at(&human, "", "{" HEAD ",\"sender\":\"alice\",\"content\":\"x\"}"),
		"--- Wed 2023-11-15\n07:13:20 <alice> x\n", "a message of another day has");
	human_end(&human);
}

int
main(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	test_lines();
	test_names();
	test_width();
	test_forgery();
	test_others();
	test_days();
	return done();
}
