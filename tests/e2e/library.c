/*
 * All that the library needs memory for: each result is the right one, or says that there is no
 * memory. Prints what is neither. library.sh lets each allocation fail in turn.
 */
#include <chat/build.h>
#include <chat/line_reader.h>
#include <chat/msg.h>
#include <chat/validate.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failed;

static void
need(int condition, const char *name)
{
	if (condition)
		return;
	failed = 1;
	if (write(2, name, strlen(name)) < 0 || write(2, "\n", 1) < 0)
		abort();
}

static void
ignore(void *arg, const struct chat_err *finding)
{
	(void)arg;
	(void)finding;
}

/* Keys that are repeated, deep and escaped, and a file whose base64 is escaped. */
static const char strict[] = "{\"type\":\"file\",\"file\":{\"name\":\"a\",\"type\":\"b\",\"size\":"
			     "3,\"data\":\"AP\\u0038Q\"},"
			     "\"x\":{\"\\u0061\":[{\"b\":1,\"b\":2}],\"a\":1}}";

static void
check_strictly(void)
{
	int found = chat_msg_check(
		NULL, chat_span_of(strict), CHAT_FROM_CLIENT, CHAT_MSG_STRICT, ignore, NULL);

	need(found == 2 || found == -1, "chat_msg_check");
}

static void
validate(unsigned flags, int want)
{
	struct chat_err err = {CHAT_OK, 0, "", ""};
	static char text[8192];
	size_t len = sizeof(strict);
	int result;

	memcpy(text, strict, len - 1);
	memset(text + len - 1, '\n', sizeof(text) - len + 1);
	if (flags)
		text[len] = '\0';
	result = chat_validate(chat_span_make(text, flags ? len : sizeof(text)), CHAT_FROM_CLIENT,
		flags, NULL, NULL, NULL, &err);
	need(result == want || (result == -1 && err.code == CHAT_NO_MEMORY), "chat_validate");
}

static void
feed(void)
{
	struct chat_validator *validator = chat_validator_new(CHAT_FROM_CLIENT, 0, 0);
	struct chat_err err = {CHAT_OK, 0, "", ""};
	size_t at = 0;

	while (validator && at < sizeof(strict) - 1 &&
		chat_validator_feed(validator, chat_span_make(strict + at, 1), &err) == 0)
		at++;
	if (at == sizeof(strict) - 1 && chat_validator_end(validator, &err) == 0)
		need(chat_validator_counts(validator)->valid == 1, "chat_validator_end");
	else
		need(!validator || err.code == CHAT_NO_MEMORY, "chat_validator_feed");
	chat_validator_free(validator);
}

static void
build(void)
{
	struct chat_build *builder = chat_build_new(CHAT_TYPE_FILE);
	struct chat_err err = {CHAT_OK, 0, "", ""};
	char *line;

	if (!builder)
		return;
	chat_build_file(builder, "a", "b", "\0\xFF\x10", 3);
	chat_build_string(builder, CHAT_SLOT_NONCE, "n");
	line = chat_build_line(builder, &err);
	need(line ? strstr(line, "\"data\":\"AP8Q\"},\"nonce\":\"n\"}") != NULL
		  : err.code == CHAT_NO_MEMORY,
		"chat_build_line");
	free(line);
	chat_build_free(builder);
}

static void
get(void)
{
	struct chat_msg *msg = chat_msg_new();
	struct chat_err err = {CHAT_OK, 0, "", ""};
	char *name, *file;
	size_t size;

	if (!msg)
		return;
	need(chat_msg_read(msg, chat_span_of(strict), CHAT_FROM_CLIENT, &err) == 0,
		"chat_msg_read");
	name = chat_msg_get_string(msg, CHAT_SLOT_FILE_NAME);
	need(!name || strcmp(name, "a") == 0, "chat_msg_get_string");
	file = (char *)chat_msg_file(msg, &size, &err);
	need(file ? size == 3 && memcmp(file, "\0\xFF\x10", 3) == 0 : err.code == CHAT_NO_MEMORY,
		"chat_msg_file");
	free(name);
	free(file);
	chat_msg_free(msg);
}

static void
read_lines(void)
{
	int fd = open("/dev/null", O_RDONLY);
	struct chat_line_reader *reader = chat_line_reader_new(fd, 1 << 20);
	struct chat_span line;
	struct chat_err err = {CHAT_OK, 0, "", ""};
	int got = reader ? chat_line_reader_next(reader, &line, &err) : 0;

	need(got == 0 || (got == -1 && err.code == CHAT_NO_MEMORY), "chat_line_reader_next");
	chat_line_reader_free(reader);
	close(fd);
}

int
main(void)
{
	check_strictly();
	validate(0, 0);
	validate(CHAT_VALIDATE_STRICT, 1);
	feed();
	build();
	get();
	read_lines();
	return failed;
}
