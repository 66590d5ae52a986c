#ifndef PRELOAD_LIBSECCOMP_H
#define PRELOAD_LIBSECCOMP_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * The addresses of libseccomp's code, whose allocations are not made to fail (alloc.c says why).
 * dl_iterate_phdr(note_libseccomp, NULL) fills them in; they stay 0 in a program without it.
 */
static struct {
	uintptr_t from, to;
} libseccomp;

static int
note_libseccomp(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	if (!strstr(info->dlpi_name, "libseccomp"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
			libseccomp.from = info->dlpi_addr + part->p_vaddr;
			libseccomp.to = libseccomp.from + part->p_memsz;
		}
	}
	return 1;
}

/* Returns true for a return address in libseccomp. */
static bool
is_of_libseccomp(const void *caller)
{
	return (uintptr_t)caller >= libseccomp.from && (uintptr_t)caller < libseccomp.to;
}

#endif
