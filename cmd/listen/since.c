/*
 * --since: an id, `all`, or a time. A text that begins with a date or "-" must be a time:
 * 2026-11-26T21:00:00Z, -2h.
 */
#include "listen/since.h"

#include <string.h>
#include <time.h>

#include "client/position.h"
#include "command/units.h"
#include "text/ascii.h"
#include "text/err.h"

#define FIELDS_LEN 19 /* the length of 2026-11-26T21:00:00 */

/* Returns the value of two digits, or 100 if they are not digits; no field may be 100. */
static int
two_digits(const char *at)
{
	return chat_is_digit(at[0]) && chat_is_digit(at[1]) ? 10 * (at[0] - '0') + at[1] - '0'
							    : 100;
}

/*
 * Returns true if text begins with this shape. In shape a 0 stands for any digit, a T for T, t or a
 * blank, and any other character for itself.
 */
static bool
begins_like(const char *text, const char *shape)
{
	for (; *shape; shape++, text++)
		if (*shape == '0' ? !chat_is_digit(*text)
				  : *text != *shape &&
					!(*shape == 'T' && (*text == 't' || *text == ' ')))
			return false;
	return true;
}

/*
 * Reads the date and time in the first FIELDS_LEN characters, as UTC. Returns false if no such time
 * exists.
 */
static bool
read_fields(const char *text, int64_t *seconds)
{
	int year = 100 * two_digits(text) + two_digits(text + 2);
	struct tm tm = {
		.tm_year = year - 1900,
		.tm_mon = two_digits(text + 5) - 1,
		.tm_mday = two_digits(text + 8),
		.tm_hour = two_digits(text + 11),
		.tm_min = two_digits(text + 14),
	};
	int day = tm.tm_mday, second = two_digits(text + 17); /* 60: a leap second */

	if (tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_hour > 23 || tm.tm_min > 59 || second > 60)
		return false;
	*seconds = timegm(&tm) + second;
	return tm.tm_mday == day; /* no 31st of November */
}

/*
 * Reads a fraction of a second (".5") in milliseconds; 0 if there is none. Returns the text after
 * it.
 */
static const char *
read_fraction(const char *text, int64_t *ms)
{
	int64_t digit_ms = 100;

	*ms = 0;
	if (text[0] != '.' || !chat_is_digit(text[1]))
		return text;
	for (text++; chat_is_digit(*text); text++, digit_ms /= 10)
		*ms += digit_ms * (*text - '0');
	return text;
}

/* Reads the offset Z or +01:00, in seconds. Returns false if the text is anything else. */
static bool
read_offset(const char *text, int64_t *seconds)
{
	int hours, minutes;

	*seconds = 0;
	if ((*text == 'Z' || *text == 'z') && text[1] == '\0')
		return true;
	if ((*text != '+' && *text != '-') || strlen(text) != strlen("+01:00") || text[3] != ':')
		return false;
	hours = two_digits(text + 1);
	minutes = two_digits(text + 4);
	*seconds = (*text == '-' ? -60 : 60) * (60 * hours + minutes);
	return hours < 24 && minutes < 60;
}

static bool
read_time(const char *text, int64_t *time_ms)
{
	int64_t seconds, ms, offset;

	if (!begins_like(text, "0000-00-00T00:00:00") || !read_fields(text, &seconds))
		return false;
	if (!read_offset(read_fraction(text + FIELDS_LEN, &ms), &offset))
		return false;
	*time_ms = (seconds - offset) * 1000 + ms;
	return true;
}

static void
since_set_time(struct since *since, int64_t time_ms)
{
	since->id = POSITION_BEGINNING;
	since->timed = time_ms > 0; /* no message is older than 1970 */
	since->time_ms = time_ms > 0 ? time_ms : 0;
}

int
since_read(struct since *since, const char *text, int64_t now_ms, struct chat_err *err)
{
	int64_t time_ms;

	*since = (struct since){.id = text};
	if (*text == '\0')
		return chat_fail(err, CHAT_USAGE, "--since '': nothing is there");
	if (strcmp(text, "all") == 0) {
		since->id = POSITION_BEGINNING;
	} else if (text[0] == '-') {
		if (chat_duration_read(&time_ms, text + 1, err) < 0)
			return chat_fail(err, CHAT_USAGE, "--since '%s': %s", text, err->text);
		since_set_time(since, now_ms - time_ms);
	} else if (begins_like(text, "0000-00-00")) {
		if (!read_time(text, &time_ms))
			return chat_fail(err, CHAT_USAGE,
				"--since '%s': a time is 2026-11-26T21:00:00Z, with Z or +01:00 "
				"at its end",
				text);
		since_set_time(since, time_ms);
	}
	return 0;
}
