#ifndef SIMULATION_ADVERSARY_H
#define SIMULATION_ADVERSARY_H

#define ADVERSARY_NAMES 3 /* that each one goes by */

/*
 * A program that speaks to the server as nobody should: heads and frames that are cut, changed or
 * made up, messages that are none, connections that are opened and forgotten, answers that are not
 * read. Some of it is valid: what it says as a user begins with "evil". Its arguments are its
 * number, and letters for what the server offers: t tokens, u a unix socket, 6 IPv6, m metrics,
 * w the whole world, b big messages, s TLS, c certificates of clients. It runs until it is killed.
 */
int adversary_main(int argc, char **argv);

#endif
