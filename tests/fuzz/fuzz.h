#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_FOLDER "/dev/shm/chat-fuzz.XXXXXX"

/* libFuzzer calls this with each input. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts the program if the condition, which must hold for every input, does not hold. */
static inline void
need(bool condition)
{
	if (!condition)
		abort();
}

/*
 * Makes a folder and stores its name in path, which holds FUZZ_FOLDER. It is in memory; in a
 * container without /dev/shm it is in /tmp.
 */
static inline void
fuzz_make_folder(char path[sizeof(FUZZ_FOLDER)])
{
	if (mkdtemp(path))
		return;
	strcpy(path, "/tmp/chat-fuzz.XXXXXX");
	need(mkdtemp(path) != NULL);
}

#endif
