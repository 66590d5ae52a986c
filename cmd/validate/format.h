#ifndef VALIDATE_FORMAT_H
#define VALIDATE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "validate/stats.h"

/* A finding and its place. */
struct finding {
	const char *file;
	const char *shown_file; /* file, as a terminal may see it */
	uint64_t line; /* from 1 */
	size_t point; /* code points before the place, if the format counts_points */
	uint64_t number; /* among the findings that are written, from 0 */
	const struct chat_err *error; /* its offset counts from the start of the line */
};

/* The result of a file. */
struct file_result {
	const char *file;
	uint64_t number; /* from 1 */
	uint64_t hidden; /* findings that are not written, because of --max-errors */
	uint64_t invalid; /* invalid lines */
	bool unreadable; /* it was not read to its end, as stderr says */
};

/* A format of the output. Each function appends whole lines; all but finding may be NULL. */
struct format {
	const char *name;
	bool counts_points; /* it writes columns in code points, and needs finding->point */
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

/* Appends a JSON string. */
void format_string(struct chat_buf *out, const char *string);

/* Appends the name of a file, which may be any bytes, as a JSON string. */
void format_file_name(struct chat_buf *out, const char *file);

#endif
