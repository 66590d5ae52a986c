/* Ids: each number has one, it is read as it was written, and their order is that of the numbers.
 */
#include "serve/journal/message_id.h"

#include <string.h>

#include "tap.h"

#define EPOCH UINT64_C(0x01a2042aeb80)
#define LETTER(i) (MESSAGE_NUMBER_HEX + (i)*MESSAGE_NUMBER_LETTER)

static const struct {
	uint64_t number;
	const char *id;
} table[] = {
	{0, "01a2042aeb80-0000000000"},
	{1, "01a2042aeb80-0000000001"},
	{0xabcdef, "01a2042aeb80-0000abcdef"},
	{MESSAGE_NUMBER_HEX - 1, "01a2042aeb80-ffffffffff"},
	{MESSAGE_NUMBER_HEX, "01a2042aeb80-g000000000"},
	{MESSAGE_NUMBER_HEX + 35, "01a2042aeb80-g00000000z"},
	{MESSAGE_NUMBER_HEX + 36, "01a2042aeb80-g000000010"},
	{LETTER(1) - 1, "01a2042aeb80-gzzzzzzzzz"},
	{LETTER(1), "01a2042aeb80-h000000000"},
	{LETTER(19), "01a2042aeb80-z000000000"},
	{MESSAGE_NUMBER_MAX, "01a2042aeb80-zzzzzzzzzz"},
};

static const char *const wrong[] = {
	"",
	"01a2042aeb80-000000000",
	"01a2042aeb80-00000000000",
	"01a2042aeb80_0000000001",
	"01a2042aeb80-000000000g",
	"01a2042aeb80-f00000000z",
	"01a2042aeb80-g00000000Z",
	"01a2042aeb80-g00000000{",
	"01a2042aeb80-{000000000",
	"01a2042aeb80-G000000000",
	"01a2042aeb80-`000000000",
	"g1a2042aeb80-0000000001",
	"01A2042aeb80-0000000001",
};

static void
test_table(void)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char id[MESSAGE_ID_LEN + 1];
		uint64_t epoch, number;

		message_id_write(id, EPOCH, table[i].number);
		is_str(id, table[i].id, "it is written");
		ok(message_id_read(chat_span_of(id), &epoch, &number) && epoch == EPOCH &&
				number == table[i].number,
			"%s is read", id);
		ok(!i || strcmp(table[i - 1].id, id) < 0, "and sorts after the one before");
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		uint64_t epoch, number;

		ok(!message_id_read(chat_span_of(wrong[i]), &epoch, &number), "'%s' is none",
			wrong[i]);
	}
}

/* Steps of all sizes, up to the last number. */
static void
test_order(void)
{
	char before[MESSAGE_ID_LEN + 1] = "", id[MESSAGE_ID_LEN + 1];
	uint64_t epoch, read;
	unsigned bad = 0;

	for (uint64_t number = 0; number <= MESSAGE_NUMBER_MAX; number += number / 1000 + 1) {
		message_id_write(id, EPOCH, number);
		bad += strlen(id) != MESSAGE_ID_LEN || strcmp(before, id) >= 0 ||
			!message_id_read(chat_span_of(id), &epoch, &read) || read != number;
		memcpy(before, id, sizeof(before));
	}
	is_int(bad, 0, "ids ascend with their numbers");
}

int
main(void)
{
	test_table();
	test_order();
	return done();
}
