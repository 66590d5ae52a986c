#ifndef VALIDATE_OUTPUTS_H
#define VALIDATE_OUTPUTS_H

#include <stdbool.h>

#include "validate/writer.h"

/* The outputs of chat-validate. An error when one is opened, written or closed ends the program. */
struct outputs {
	struct writer findings; /* stdout, or stderr if lines are passed on */
	struct writer lines; /* stdout; gets the lines that are passed on */
	struct writer rejects; /* the file of --rejects; valid if has_rejects is true */
	bool has_rejects;
};

/*
 * Opens the outputs. passes: lines are passed on. rejects is the name of a file, or NULL. It must
 * be none of names, the files to be read (NULL-terminated).
 */
void outputs_open(struct outputs *outputs, bool passes, const char *rejects, char **names);

/* Writes all gathered bytes, frees the writers, and closes the file of --rejects. */
void outputs_close(struct outputs *outputs);

#endif
