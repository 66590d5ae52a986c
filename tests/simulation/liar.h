#ifndef SIMULATION_LIAR_H
#define SIMULATION_LIAR_H

#define LIAR_PORT 3003
#define LIAR_GIVES "given-by-the-liar" /* the id that it may assign */

/*
 * A program that listens on a port of its own and answers clients as no server should: refusals and
 * redirects in place of the upgrade, acknowledgements of what was not said, pages of a past that
 * repeat or never end, frames that are cut or too large. Some of what it says is true. It runs
 * until it is killed.
 */
int liar_main(int argc, char **argv);

#endif
