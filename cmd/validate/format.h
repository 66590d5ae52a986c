#ifndef VALIDATE_FORMAT_H
#define VALIDATE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "text/buf.h"
#include "validate/stats.h"

/* A finding and its place. The pointers are borrowed. */
struct finding {
	const char *file;
	const char *shown_file; /* the name of file, with control characters escaped */
	uint64_t line; /* from 1 */
	size_t point; /* the code points before the place; valid if counts_points */
	uint64_t number; /* the index among all findings that are written, from 0 */
	const struct chat_err *error; /* its offset is in bytes, from the start of the line */
};

/* The result of one file. */
struct file_result {
	const char *file;
	uint64_t number; /* from 1 */
	uint64_t hidden; /* the number of findings that --max-errors hides */
	uint64_t invalid; /* the number of invalid lines */
	bool unreadable; /* the file was not read to its end; stderr has the reason */
};

/*
 * A format of the output. Each function appends whole lines to out. All of them but finding may be
 * NULL.
 */
struct format {
	const char *name;
	bool counts_points; /* it has columns in code points: finding->point must be set */
	void (*begin)(struct chat_buf *out);
	void (*finding)(struct chat_buf *out, const struct finding *finding);
	void (*file)(struct chat_buf *out, const struct file_result *result);
	void (*stats)(struct chat_buf *out, const struct stats *stats);
	void (*end)(struct chat_buf *out, uint64_t files);
};

extern const struct format format_text;
extern const struct format format_json;
extern const struct format format_github;
extern const struct format format_tap;
extern const struct format format_sarif;

/* Appends a string as a JSON string. */
void format_string(struct chat_buf *out, const char *string);

/*
 * Appends the name of a file, which may have any bytes, as a JSON string. Control characters and
 * invalid UTF-8 are escaped.
 */
void format_file_name(struct chat_buf *out, const char *file);

#endif
