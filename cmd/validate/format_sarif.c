/*
 * Findings as one SARIF 2.1.0 document (OASIS), for services that collect the output of analysers.
 */
#include <inttypes.h>

#include "validate/format.h"

static void
sarif_begin(struct chat_buf *out)
{
	chat_buf_append_string(out,
		"{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
		"\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{"
		"\"name\":\"chat-validate\",\"version\":\"" CHAT_VERSION "\"}},\n"
		"\"columnKind\":\"unicodeCodePoints\",\"results\":[\n");
}

/*
 * Appends the name of a file as a JSON string that is a URI reference: other characters than
 * letters, digits and "-./_~" are percent-encoded.
 */
static void
put_uri(struct chat_buf *out, const char *file)
{
	chat_buf_append_string(out, "\"");
	for (; *file; file++)
		if ((*file >= 'a' && *file <= 'z') || (*file >= 'A' && *file <= 'Z') ||
			(*file >= '-' && *file <= '9') || *file == '_' || *file == '~')
			chat_buf_append(out, file, 1);
		else
			chat_buf_printf(out, "%%%02X", (unsigned char)*file);
	chat_buf_append_string(out, "\"");
}

static void
sarif_finding(struct chat_buf *out, const struct finding *finding)
{
	const struct chat_err *error = finding->error;
	struct chat_buf message = {0};

	chat_buf_printf(&message, "%s%s%s", error->field, error->field[0] ? ": " : "", error->text);
	chat_buf_printf(out, "%s{\"ruleId\":\"%s\",\"level\":\"error\",\"message\":{\"text\":",
		finding->number > 0 ? "," : "", chat_code_word(error->code));
	format_string(out, message.at);
	chat_buf_append_string(
		out, "},\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":");
	put_uri(out, finding->file);
	chat_buf_printf(out,
		"},\"region\":{\"startLine\":%" PRIu64 ",\"startColumn\":%zu}},"
		"\"logicalLocations\":[{\"fullyQualifiedName\":",
		finding->line, finding->point + 1);
	format_string(out, error->field);
	chat_buf_append_string(out, "}]}]}\n");
	chat_buf_free(&message);
}

static void
sarif_end(struct chat_buf *out, uint64_t files)
{
	(void)files;
	chat_buf_append_string(out, "]}]}\n");
}

const struct format format_sarif = {.name = "sarif",
	.counts_points = true,
	.begin = sarif_begin,
	.finding = sarif_finding,
	.end = sarif_end};
