// The library in C++: objects that free themselves, and a validator in each of two threads.
#include <chat/base64.h>
#include <chat/build.h>
#include <chat/line_reader.h>
#include <chat/validate.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

using Line = std::unique_ptr<char, decltype(&std::free)>;
using Build = std::unique_ptr<chat_build, decltype(&chat_build_free)>;
using Validator = std::unique_ptr<chat_validator, decltype(&chat_validator_free)>;

static std::string text_message(const std::string &text)
{
	Build build(chat_build_new(CHAT_TYPE_TEXT), chat_build_free);
	chat_err err;

	if (!build)
		throw std::bad_alloc();
	chat_build_text(build.get(), CHAT_SLOT_TEXT, chat_span_make(text.data(), text.size()));
	Line line(chat_build_line(build.get(), &err), std::free);
	if (!line)
		throw std::runtime_error(err.text);
	return line.get();
}

// Checks the text many times, in pieces.
static chat_counts check(const std::string &text)
{
	Validator validator(chat_validator_new(CHAT_FROM_CLIENT, 0, 0), chat_validator_free);

	for (int round = 0; round < 10000; round++)
		for (size_t at = 0; at < text.size(); at += 40)
			if (chat_validator_feed(validator.get(),
				    chat_span_make(text.data() + at, std::min<size_t>(40, text.size() - at)), nullptr) < 0)
				throw std::bad_alloc();
	return *chat_validator_counts(validator.get());
}

int main()
{
	const std::string line = text_message("größer"), text = line + "\n{\"type\":\"text\"}\n";
	chat_counts counts[2];
	std::thread first([&] { counts[0] = check(text); }), second([&] { counts[1] = check(text); });

	first.join();
	second.join();
	std::cout << "valid " << counts[0].valid + counts[1].valid << " invalid " << counts[0].invalid + counts[1].invalid
		  << " " << chat_type_word(CHAT_TYPE_TEXT) << " " << line << "\n";
	return chat_span_equal(CHAT_SPAN("a"), chat_span_of("a")) ? 0 : 1;
}
