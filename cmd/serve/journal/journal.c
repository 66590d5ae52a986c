/* Reports to the operator, for every kind of journal. */
#include "serve/journal/journal.h"

#include <stdarg.h>
#include <stdio.h>

void
journal_warn(const struct journal *journal, const char *format, ...)
{
	char sentence[512];
	va_list list;

	va_start(list, format);
	vsnprintf(sentence, sizeof(sentence), format, list);
	va_end(list);
	if (journal->events.warn)
		journal->events.warn(journal->arg, sentence);
}
