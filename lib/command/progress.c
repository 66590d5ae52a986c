/*
 * Draws the progress bar. The command reports each step of the work; the bar is drawn at most five
 * times a second, and only while the terminal is ours.
 */
#include "command/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "command/terminal.h"
#include "text/buf.h"
#include "text/clock.h"
#include "text/line.h"
#include "text/show.h"

#define BETWEEN_US 200000 /* the least time from one drawing to the next */
#define STANDSTILL_US 2000000 /* a longer pause is no part of the rate: the process was stopped */
#define BAR_CELLS 30

void
chat_progress_init(struct chat_progress *progress, bool wanted, int64_t after_ms)
{
	*progress = (struct chat_progress){
		.on = wanted && chat_terminal_obeys(STDERR_FILENO),
		.after_us = (uint64_t)after_ms * 1000,
	};
}

void
chat_progress_begin(struct chat_progress *progress, const char *name, uint64_t size)
{
	if (!progress->on)
		return;
	progress->name = name;
	progress->size = size;
	progress->done = 0;
	progress->begun_us = progress->added_us = (uint64_t)chat_now_us();
	progress->drawn_us = 0;
}

/* Returns true if the terminal is ours. After Ctrl-Z and bg it is the shell's. */
static bool
is_in_foreground(void)
{
	pid_t group = tcgetpgrp(STDERR_FILENO);

	return group < 0 || group == getpgrp(); /* below 0: a terminal without job control */
}

static void
draw(struct chat_progress *progress, uint64_t now_us)
{
	uint64_t done = progress->done < progress->size ? progress->done : progress->size;
	int cells = (int)(done * BAR_CELLS / progress->size);
	double rate = (double)done / (double)(now_us - progress->begun_us); /* MB/s */
	struct chat_buf line = {0};

	chat_buf_append_string(&line, "\r\033[K");
	chat_show(&line, chat_span_of(progress->name));
	chat_buf_printf(&line, " [%.*s%*s] %3u%% %.*f MB/s", cells,
		"##############################", BAR_CELLS - cells, "",
		(unsigned)(done * 100 / progress->size), rate < 10, rate);
	chat_write_all(STDERR_FILENO, line.at, line.len, NULL);
	chat_buf_free(&line);
	progress->drawn_us = now_us;
	progress->shown = true;
}

void
chat_progress_add(struct chat_progress *progress, uint64_t more_bytes)
{
	uint64_t now_us;

	if (!progress->on || progress->size == 0)
		return;
	progress->done += more_bytes;
	now_us = (uint64_t)chat_now_us();
	if (now_us - progress->added_us > STANDSTILL_US)
		progress->begun_us += now_us - progress->added_us;
	progress->added_us = now_us;
	if (now_us - progress->begun_us < progress->after_us ||
		now_us - progress->drawn_us < BETWEEN_US)
		return;
	if (is_in_foreground())
		draw(progress, now_us);
	else
		progress->shown = false; /* the bar is above the shell's lines */
}

void
chat_progress_hide(struct chat_progress *progress)
{
	if (!progress->shown)
		return;
	if (is_in_foreground())
		chat_write_all(STDERR_FILENO, "\r\033[K", 4, NULL);
	progress->shown = false;
}
