/* Names of channels in subjects. */
#include "serve/cluster/subject.h"

#include <stddef.h>
#include <string.h>

#include "text/span.h"

static const char digits[] = "0123456789abcdefghijklmnopqrstuv";

void
subject_word_write(char word[SUBJECT_WORD_MAX + 1], struct chat_span channel)
{
	unsigned bits = 0, count = 0;

	for (size_t i = 0; i < channel.len; i++) {
		bits = bits << 8 | (unsigned char)channel.at[i];
		for (count += 8; count >= 5; count -= 5)
			*word++ = digits[bits >> (count - 5) & 31];
	}
	if (count)
		*word++ = digits[bits << (5 - count) & 31];
	*word = '\0';
}

bool
subject_word_read(char channel[CHAT_CHANNEL_MAX + 1], struct chat_span word)
{
	char again[SUBJECT_WORD_MAX + 1];
	unsigned bits = 0, count = 0;
	size_t len = 0;

	if (word.len > SUBJECT_WORD_MAX)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		const char *digit = word.at[i] ? strchr(digits, word.at[i]) : NULL;

		if (!digit)
			return false;
		bits = bits << 5 | (unsigned)(digit - digits);
		count += 5;
		if (count >= 8) {
			count -= 8;
			channel[len++] = (char)(bits >> count);
		}
	}
	channel[len] = '\0';
	if (!chat_channel_valid((struct chat_span){channel, len}))
		return false;
	subject_word_write(again, (struct chat_span){channel, len});
	return chat_span_equal(chat_span_of(again), word);
}
