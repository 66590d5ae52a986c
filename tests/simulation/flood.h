#ifndef SIMULATION_FLOOD_H
#define SIMULATION_FLOOD_H

/*
 * An adversary who is let in: some members do not read, and another one says so much that their
 * queues together exceed --queue-total. Its argument is its number. It runs until it is killed.
 */
int flood_main(int argc, char **argv);

#endif
