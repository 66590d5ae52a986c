/* Host names in any script become the ASCII form that DNS uses, or are refused. */
#include "wire/idn.h"

#include "tap.h"

static const struct {
	const char *host, *ascii; /* ascii is NULL if the name is refused */
} names[] = {
	{"example.com", "example.com"},
	{"Example.COM", "Example.COM"},
	{"127.0.0.1", "127.0.0.1"},
	{"[::1]", "[::1]"},
	{"[fe80::1%25eth0]", "[fe80::1%25eth0]"},
	{"b\xC3\xBC"
	 "cher.example",
		"xn--bcher-kva.example"},
	{"B\xC3\x9C"
	 "CHER.example",
		"xn--bcher-kva.example"},
	{"bu\xCC\x88"
	 "cher.example",
		"xn--bcher-kva.example"}, /* u followed by a combining diaeresis */
	{"b%C3%BCcher.example", "xn--bcher-kva.example"},
	{"fa\xC3\x9F.example",
		"xn--fa-hia.example"}, /* transitional processing would give fass.example */
	{"\xE4\xBE\x8B\xE3\x81\x88.\xE3\x83\x86\xE3\x82\xB9\xE3\x83\x88", "xn--r8jz45g.xn--zckzah"},
	{"\xE4\xBE\x8B\xE3\x81\x88\xE3\x80\x82"
	 "example",
		"xn--r8jz45g.example"}, /* the ideographic full stop */
	{"%C3.example", NULL},
	{"b%2Fx.\xC3\xBC", NULL},
	{"\xE2\x98\xA0\xCC.example", NULL},
	{"xn--a\xC3\xBC.example", NULL},
};

static void
test_names(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct chat_err err = {.code = CHAT_OK};
		char ascii[256] = "";
		int status = chat_idn_to_ascii(ascii, sizeof(ascii), names[i].host, &err);

		ok(status == (names[i].ascii ? 0 : -1), "%s", names[i].host);
		if (names[i].ascii)
			is_str(ascii, names[i].ascii, "is that name");
		else
			ok(err.code == CHAT_USAGE && *err.text, "is said to be none: %s", err.text);
	}
}

static void
test_sizes(void)
{
	struct chat_err err;
	char ascii[8];

	ok(chat_idn_to_ascii(ascii, sizeof(ascii), "seven77", &err) == 0, "a name that just fits");
	ok(chat_idn_to_ascii(ascii, sizeof(ascii), "eight888", &err) < 0, "one that does not");
	ok(chat_idn_to_ascii(ascii, sizeof(ascii), "b\xC3\xBC", &err) < 0, "nor when converted");
}

int
main(void)
{
	test_names();
	test_sizes();
	return done();
}
