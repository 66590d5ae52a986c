#ifndef VALIDATE_FORMAT_H
#define VALIDATE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "validate/stats.h"

/* A finding and where it is: what a format has to say. */
struct finding {
	const char *file;
	const char *shown_file; /* as a terminal may see it */
	uint64_t line; /* from 1 */
	size_t point; /* code points of the line before the place */
	uint64_t number; /* from 0, of those shown */
	const struct chat_err *error; /* its offset counts from the start of the line */
};

/* A file at its end. */
struct file_result {
	const char *file;
	uint64_t number; /* from 1 */
	uint64_t hidden; /* findings more than --max-errors shows */
	uint64_t invalid; /* lines */
	bool unreadable; /* to its end; it was said on stderr */
};

/* A way to write what was found; each function appends whole lines and may be missing. */
struct format {
	const char *name;
	bool counts_points; /* its columns are characters */
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

/* A JSON string; a file's name may be any bytes. */
void format_string(struct chat_buf *out, const char *string);
void format_file_name(struct chat_buf *out, const char *file);

#endif
