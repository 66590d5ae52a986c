/* The checksum of a journal's lines: a known value, and both ways to compute it. */
#include "serve/util/crc32c.h"

#include "tap.h"

static void
check_crc(void)
{
	char bytes[300];
	bool same = true;

	is_int(crc32c(0, "123456789", 9), 0xe3069283, "the checksum of the nine digits");
	is_int(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xe3069283, "and in two pieces");
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (char)(i * 31 + 7);
		same = same && crc32c(0, bytes, i) == crc32c_portable(0, bytes, i);
	}
	ok(same, "both ways to reckon it agree, whatever the length");
}

int
main(void)
{
	check_crc();
	return done();
}
