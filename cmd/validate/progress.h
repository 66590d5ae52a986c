#ifndef VALIDATE_PROGRESS_H
#define VALIDATE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How far a big file is read: a line on stderr that is drawn over, where that is a terminal.
 * Zero-initialised it is off.
 */
struct progress {
	bool on;
	bool shown;
	const char *name;
	uint64_t size; /* of the file; 0: not known, and nothing is shown */
	uint64_t done;
	uint64_t begun_us, drawn_us;
};

void progress_init(struct progress *progress, bool wanted);
void progress_begin(struct progress *progress, const char *name, uint64_t size);
void progress_at(struct progress *progress, uint64_t more_bytes);
void progress_end(struct progress *progress);

/* Takes the line away, before something else is written on the terminal. */
void progress_hide(struct progress *progress);

/* Microseconds on a clock that never goes back. */
uint64_t progress_clock_us(void);

#endif
