#ifndef VALIDATE_FORMAT_H
#define VALIDATE_FORMAT_H

#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "validate/stats.h"

/* A finding and where it is: what a format has to say. */
struct finding {
	const char *file;
	uint64_t line; /* from 1 */
	const struct chat_err *error; /* its offset counts from the start of the line */
};

/* A way to write what was found; each function appends whole lines. */
struct format {
	const char *name;
	void (*finding)(struct chat_buf *out, const struct finding *finding);
	/* A file had this many findings more than --max-errors shows. */
	void (*hidden)(struct chat_buf *out, const char *file, uint64_t count);
	void (*stats)(struct chat_buf *out, const struct stats *stats);
};

extern const struct format format_text;
extern const struct format format_json;

#endif
