#ifndef SIMULATION_TOKENS_H
#define SIMULATION_TOKENS_H

#include <stdint.h>

#define TOKENS_PATH "/tokens"

/* The token of a user is this and the username. */
#define TOKENS_PREFIX "token-of-"

/*
 * Writes the file of tokens. Every honest user has one, and adversaries those that the bits of
 * `which` stand for. Other bits change how the file is written.
 */
void tokens_write(int64_t which);

/* Writes a file that is none of tokens, in one of several ways, or takes it away. */
void tokens_spoil(int64_t which);

#endif
