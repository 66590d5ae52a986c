#ifndef SIMULATION_ADVERSARY_H
#define SIMULATION_ADVERSARY_H

/*
 * A program that speaks to the server as nobody should: heads and frames that are cut, changed or
 * made up, messages that are none, connections that are opened and forgotten, answers that are not
 * read. Some of it is valid: what it says as a user begins with "evil". Its first argument is its
 * number; with a second one it speaks TLS, mostly, and with a third one it pretends to be others,
 * whose certificates it does not have. It runs until it is killed.
 */
int adversary_main(int argc, char **argv);

#endif
