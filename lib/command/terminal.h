#ifndef COMMAND_TERMINAL_H
#define COMMAND_TERMINAL_H

#include <stdbool.h>

/*
 * Returns true if fd is a terminal that obeys escape sequences: TERM is set, and not "dumb". Colors
 * and progress bars are for these only.
 */
bool chat_terminal_obeys(int fd);

#endif
