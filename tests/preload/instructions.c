/*
 * A plugin of qemu-user that counts the instructions of the emulated program and writes their
 * number to stderr at its end: qemu-aarch64 -plugin instructions.so -d plugin PROGRAM. Debian has
 * no header with these functions of qemu.
 */
#include <stdint.h>
#include <stdio.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb; /* a block of instructions */

enum { INLINE_ADD_U64 };

void qemu_plugin_register_vcpu_tb_trans_cb(
	plugin_id id, void (*on_block)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(
	struct qemu_plugin_tb *block, int operation, void *number, uint64_t add);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*on_exit)(plugin_id, void *), void *arg);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);

/* qemu looks for these two. */
extern int qemu_plugin_version;
int qemu_plugin_version = 1;
int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

static uint64_t count;

static void
on_translated(plugin_id id, struct qemu_plugin_tb *block)
{
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(
		block, INLINE_ADD_U64, &count, qemu_plugin_tb_n_insns(block));
}

static void
on_end(plugin_id id, void *arg)
{
	(void)id;
	(void)arg;
	fprintf(stderr, "instructions: %llu\n", (unsigned long long)count);
}

int
qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	(void)argc;
	(void)argv;
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
	qemu_plugin_register_atexit_cb(id, on_end, NULL);
	return 0;
}
