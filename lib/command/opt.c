/* Reads the argument of an option by its entry in the table, and stores the value. */
#include "command/opt.h"

#include <stdlib.h>
#include <string.h>

#include "command/diag.h"
#include "command/units.h"
#include "text/buf.h"
#include "text/err.h"

static bool
is_quantity(const struct chat_opt *opt)
{
	return opt->kind == CHAT_OPT_NUMBER || opt->kind == CHAT_OPT_DURATION ||
		opt->kind == CHAT_OPT_SIZE;
}

static void *
field_of(const struct chat_opt_entry *entry)
{
	return entry->settings + entry->opt->offset;
}

static void
append_entry(struct chat_opt_list *list, const struct chat_opt *opt, char *settings)
{
	struct chat_opt_entry *entry;

	list->at = chat_realloc(list->at, (list->count + 1) * sizeof(*list->at));
	entry = &list->at[list->count++];
	*entry = (struct chat_opt_entry){.opt = opt, .settings = settings, .initial = -1};
	if (is_quantity(opt))
		entry->initial = *(int64_t *)field_of(entry);
	else if (opt->kind == CHAT_OPT_CHOICE)
		entry->initial = *(int *)field_of(entry);
}

void
chat_opt_list_add(struct chat_opt_list *list, const struct chat_opt *table, void *settings)
{
	for (const struct chat_opt *opt = table; opt->letter || opt->name || opt->table; opt++)
		if (opt->kind == CHAT_OPT_TABLE)
			chat_opt_list_add(list, opt->table, (char *)settings + opt->offset);
		else
			append_entry(list, opt, settings);
}

void
chat_opt_list_free(struct chat_opt_list *list)
{
	free(list->at);
	*list = (struct chat_opt_list){0};
}

bool
chat_opt_is_listed(const struct chat_opt *opt)
{
	return opt->kind != CHAT_OPT_HEADING && opt->kind != CHAT_OPT_REFUSED;
}

bool
chat_opt_takes_argument(const struct chat_opt *opt)
{
	switch (opt->kind) {
	case CHAT_OPT_FLAG:
	case CHAT_OPT_UNFLAG:
	case CHAT_OPT_HELP:
	case CHAT_OPT_VERSION:
		return false;
	default:
		return true;
	}
}

/* Warns "--name 'value': sentence", or "-x 'value': …" if the option has no name, and exits. */
static _Noreturn void
die_of_value(const struct chat_opt *opt, const char *text, const char *sentence)
{
	if (opt->name)
		chat_die_usage("--%s '%s': %s", opt->name, text, sentence);
	chat_die_usage("-%c '%s': %s", opt->letter, text, sentence);
}

static const char *
unit_of(const struct chat_opt *opt)
{
	if (opt->kind == CHAT_OPT_DURATION)
		return " ms";
	return opt->kind == CHAT_OPT_SIZE ? " bytes" : "";
}

static int
check_range(int64_t value, const struct chat_opt *opt, struct chat_err *err)
{
	int64_t max = opt->max == 0 && opt->min >= 0 ? INT64_MAX : opt->max;

	if (value < opt->min)
		return chat_fail(err, CHAT_USAGE, "too small, the least is %lld%s",
			(long long)opt->min, unit_of(opt));
	if (value > max)
		return chat_fail(err, CHAT_USAGE, "too large, the most is %lld%s", (long long)max,
			unit_of(opt));
	return 0;
}

static int
read_quantity(int64_t *value, const struct chat_opt *opt, const char *text, struct chat_err *err)
{
	switch (opt->kind) {
	case CHAT_OPT_DURATION:
		return chat_duration_read(value, text, err);
	case CHAT_OPT_SIZE:
		return chat_size_read(value, text, err);
	default:
		return chat_integer_read(value, text, err);
	}
}

static void
set_quantity(int64_t *field, const struct chat_opt *opt, const char *text)
{
	struct chat_err err;
	int64_t value;

	if (opt->endless && strcmp(text, opt->endless) == 0)
		value = -1;
	else if (read_quantity(&value, opt, text, &err) < 0 || check_range(value, opt, &err) < 0)
		die_of_value(opt, text, err.text);
	*field = value;
}

static void
set_choice(int *field, const struct chat_opt *opt, const char *text)
{
	struct chat_buf words = {0};

	for (int i = 0; opt->choices[i]; i++) {
		if (strcmp(opt->choices[i], text) == 0) {
			*field = i;
			chat_buf_free(&words);
			return;
		}
		chat_buf_printf(&words, "%s%s", i > 0 ? ", " : "not one of ", opt->choices[i]);
	}
	chat_buf_append(&words, "", 1);
	die_of_value(opt, text, words.at);
}

void
chat_opt_set(struct chat_opt_entry *entry, const char *text)
{
	const struct chat_opt *opt = entry->opt;

	entry->given = true;
	if (opt->given)
		*(bool *)(entry->settings + opt->given) = true;
	if (chat_opt_takes_argument(opt) && !text)
		return;
	switch (opt->kind) {
	case CHAT_OPT_FLAG:
	case CHAT_OPT_UNFLAG:
		*(bool *)field_of(entry) = opt->kind == CHAT_OPT_FLAG;
		break;
	case CHAT_OPT_STRING:
		*(const char **)field_of(entry) = text;
		break;
	case CHAT_OPT_STRINGS:
		chat_strings_add(field_of(entry), text);
		break;
	case CHAT_OPT_NUMBER:
	case CHAT_OPT_DURATION:
	case CHAT_OPT_SIZE:
		set_quantity(field_of(entry), opt, text);
		break;
	case CHAT_OPT_CHOICE:
		set_choice(field_of(entry), opt, text);
		break;
	case CHAT_OPT_REFUSED:
		chat_die_usage("--%s: %s", opt->name, opt->help);
	default:
		break;
	}
}
