/* Names that strangers give, and what is made of them. */
#include "listen/filename.h"

#include <stdlib.h>

#include "tap.h"

static void
makes(const char *name, const char *want)
{
	struct chat_buf out = {0};

	chat_buf_append_string(&out, "in front");
	filename_make(&out, name);
	ok(strncmp(out.at, "in front", 8) == 0, "what is there already stays");
	is_str(out.at + 8, want, "'%s'", name);
	is_int(out.len, 8 + strlen(want) + 1, "with a NUL");
	chat_buf_free(&out);
}

static void
test_names(void)
{
	makes("a.txt", "a.txt");
	makes("Zoë & co (1).tar.gz", "Zoë & co (1).tar.gz");
	makes("/etc/passwd", "passwd");
	makes("..\\..\\autoexec.bat", "autoexec.bat");
	makes("a/", "file");
	makes("", "file");
	makes("...", "file");
	makes(". .hidden", "hidden");
	makes("ends. . .", "ends");
	makes("a:b*c?d\"e<f>g|h", "a_b_c_d_e_f_g_h");
	makes("tab\there\x1b[2J\x7f", "tab_here_[2J_");
	makes("\u202etxt.exe", "_txt.exe");
	makes("-rf", "-rf");
}

static void
test_devices(void)
{
	makes("CON", "_CON");
	makes("con.txt", "_con.txt");
	makes("Nul.tar.gz", "_Nul.tar.gz");
	makes("aux .c", "_aux .c");
	makes("COM1", "_COM1");
	makes("lpt9.log", "_lpt9.log");
	makes("com\u00b2.log", "_com\u00b2.log");
	makes("conin$", "_conin$");
	makes("console", "console");
	makes("com", "com");
	makes("com10", "com10");
	makes("a.con", "a.con");
}

static void
test_length(void)
{
	char name[400];
	struct chat_buf out = {0};

	memset(name, 'n', sizeof(name));
	strcpy(name + 199, "\u20ac and more"); /* no half of it */
	filename_make(&out, name);
	is_int(out.len, 199 + 1, "a long name is cut between two characters");
	chat_buf_free(&out);
	memset(name, 'n', 198);
	strcpy(name + 198, ". more");
	filename_make(&out, name);
	is_int(out.len, 198 + 1, "and then does not end with a dot");
	chat_buf_free(&out);
}

static void
test_numbers(void)
{
	struct chat_buf out = {0};

	filename_number(&out, "a.tar.gz", 0);
	is_str(out.at, "a.tar.gz", "the first has no number");
	filename_number(&out, "a.tar.gz", 2);
	is_str(out.at, "a.2.tar.gz", "another stands before the first dot");
	filename_number(&out, "a", 1u << 30);
	is_str(out.at, "a.1073741824", "or at the end");
	chat_buf_free(&out);
}

int
main(void)
{
	test_names();
	test_devices();
	test_length();
	test_numbers();
	return done();
}
