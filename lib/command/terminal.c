/* Asks if output may have escape sequences. */
#include "command/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
chat_terminal_obeys(int fd)
{
	const char *name = getenv("TERM");

	return isatty(fd) && name && *name && strcmp(name, "dumb") != 0;
}
