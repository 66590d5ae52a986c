/*
 * simdjson's DOM for each line, parsed and not looked at: the least that a validator on top of it
 * would cost. Reads in blocks, as chat-validate does. Prints how many lines are JSON.
 */
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>
#include <vector>

constexpr size_t block_bytes = 64 * 1024;

struct counts {
	unsigned long good, bad;
};

/* Behind a line is another, or the padding: it need not be copied. Returns what is behind the last. */
static const char *
parse_lines(simdjson::dom::parser &parser, const char *at, const char *end, counts &counts)
{
	const char *newline;

	while ((newline = static_cast<const char *>(memchr(at, '\n', size_t(end - at))))) {
		simdjson::dom::element element;
		auto *line = reinterpret_cast<const uint8_t *>(at);

		if (parser.parse(line, size_t(newline - at), false).get(element))
			counts.bad++;
		else
			counts.good++;
		at = newline + 1;
	}
	return at;
}

int
main(int argc, char **argv)
{
	simdjson::dom::parser parser;
	std::vector<char> buf(block_bytes + simdjson::SIMDJSON_PADDING);
	size_t held = 0;
	counts counts{0, 0};
	ssize_t got;
	int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;

	while ((got = read(fd, buf.data() + held, block_bytes)) > 0) {
		const char *end = buf.data() + held + got;
		const char *rest = parse_lines(parser, buf.data(), end, counts);

		held = size_t(end - rest);
		memmove(buf.data(), rest, held);
		buf.resize(held + block_bytes + simdjson::SIMDJSON_PADDING);
	}
	printf("%lu %lu\n", counts.good, counts.bad);
	return got < 0 ? 66 : counts.bad > 0;
}
