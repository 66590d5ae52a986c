/*
 * A fiber starts by swapcontext(3). From then on it changes places by setjmp(3) and longjmp(3),
 * which do not call the kernel; the sanitizers want to be told, and get swapcontext(3).
 */
#undef _FORTIFY_SOURCE /* its longjmp(3) refuses to go to another stack */
#include "simulation/fiber.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define STACK_BYTES ((size_t)(SANITIZED ? 1024 : 256) << 10)

struct stack {
	struct stack *next;
};

struct fiber {
	ucontext_t here, back;
	jmp_buf jump_here, jump_back;
	struct stack *stack; /* owned; at the lowest address of the memory */
	void (*run)(void *arg);
	void *arg;
	bool started, ended;
	/* for the sanitizer */
	void *fake_stack, *fake_back;
	const void *back_bottom;
	size_t back_size;
};

static struct fiber *current; /* the one that runs */
static struct stack *free_stacks;

/* ---- stacks ---- */

static struct stack *
stack_take(void)
{
	struct stack *stack = free_stacks;

	if (stack) {
		free_stacks = stack->next;
		return stack;
	}
	stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stack == MAP_FAILED)
		abort();
	return stack;
}

static void
stack_give(struct stack *stack)
{
#if SANITIZED
	__asan_unpoison_memory_region(stack, STACK_BYTES);
#endif
	stack->next = free_stacks;
	free_stacks = stack;
}

/* ---- changing places ---- */

static void
leave_begins(struct fiber *fiber)
{
#if SANITIZED
	__sanitizer_start_switch_fiber(
		fiber->ended ? NULL : &fiber->fake_stack, fiber->back_bottom, fiber->back_size);
#else
	(void)fiber;
#endif
}

static void
enter_ends(struct fiber *fiber)
{
#if SANITIZED
	__sanitizer_finish_switch_fiber(fiber->fake_stack, &fiber->back_bottom, &fiber->back_size);
#else
	(void)fiber;
#endif
}

static void
enter_begins(struct fiber *fiber)
{
#if SANITIZED
	__sanitizer_start_switch_fiber(&fiber->fake_back, fiber->stack, STACK_BYTES);
#else
	(void)fiber;
#endif
}

static void
leave_ends(struct fiber *fiber)
{
#if SANITIZED
	__sanitizer_finish_switch_fiber(fiber->fake_back, NULL, NULL);
#else
	(void)fiber;
#endif
}

static void
leave(struct fiber *fiber)
{
	leave_begins(fiber);
	if (SANITIZED)
		swapcontext(&fiber->here, &fiber->back);
	else if (_setjmp(fiber->jump_here) == 0)
		_longjmp(fiber->jump_back, 1);
	enter_ends(fiber);
}

static void
begin(void)
{
	struct fiber *fiber = current;

	enter_ends(fiber);
	fiber->run(fiber->arg);
	fiber->ended = true;
	leave(fiber);
	abort(); /* an ended fiber is not run */
}

static void
start(struct fiber *fiber)
{
	fiber->started = true;
	getcontext(&fiber->here);
	fiber->here.uc_stack.ss_sp = fiber->stack;
	fiber->here.uc_stack.ss_size = STACK_BYTES;
	fiber->here.uc_link = NULL;
	makecontext(&fiber->here, begin, 0);
	swapcontext(&fiber->back, &fiber->here);
}

/* ---- fibers ---- */

struct fiber *
fiber_new(void (*run)(void *arg), void *arg)
{
	struct fiber *fiber = calloc(1, sizeof(*fiber));

	if (!fiber)
		abort();
	fiber->run = run;
	fiber->arg = arg;
	fiber->stack = stack_take();
	return fiber;
}

void
fiber_run(struct fiber *fiber)
{
	current = fiber;
	enter_begins(fiber);
	if (SANITIZED && fiber->started)
		swapcontext(&fiber->back, &fiber->here);
	else if (_setjmp(fiber->jump_back) == 0) {
		if (fiber->started)
			_longjmp(fiber->jump_here, 1);
		start(fiber);
	}
	leave_ends(fiber);
	current = NULL;
}

void
fiber_yield(void)
{
	leave(current);
}

bool
fiber_has_ended(const struct fiber *fiber)
{
	return fiber->ended;
}

void
fiber_free(struct fiber *fiber)
{
	if (!fiber)
		return;
	stack_give(fiber->stack);
	free(fiber);
}
