#ifndef VALIDATE_OUTPUTS_H
#define VALIDATE_OUTPUTS_H

#include <stdbool.h>

#include "validate/writer.h"

/*
 * The outputs of chat-validate. An error while they are opened, written or closed ends the program.
 */
struct outputs {
	struct writer findings; /* stdout, or stderr where lines pass */
	struct writer lines; /* stdout: the lines that pass */
	struct writer rejects; /* a file of invalid lines; valid where has_rejects */
	bool has_rejects;
};

/*
 * Opens the outputs. passes is true where lines are passed on. rejects is the name of a file, which
 * must be none of those to be read (names, ended by NULL), or NULL.
 */
void outputs_open(struct outputs *outputs, bool passes, const char *rejects, char **names);

/* Writes what is gathered and closes the file of rejected lines. */
void outputs_close(struct outputs *outputs);

#endif
