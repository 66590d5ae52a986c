"""The library from Python, with ctypes: the only structures declared here are those that never change."""
import ctypes
import sys
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char, c_char_p, c_int, c_int64, c_size_t, c_uint, c_uint64, c_void_p

chat = ctypes.CDLL(sys.argv[1])
libc = ctypes.CDLL(None)
libc.free.argtypes = [c_void_p]


class Span(Structure):
    _fields_ = [("at", c_char_p), ("len", c_size_t)]


class Err(Structure):
    _fields_ = [("code", c_int), ("offset", c_size_t), ("field", c_char * 64), ("text", c_char * 192)]


Report = CFUNCTYPE(None, c_void_p, c_uint64, POINTER(Err))
FROM_CLIENT, FROM_SERVER = 1, 2

for name, result, arguments in [
    ("chat_msg_new", c_void_p, []),
    ("chat_msg_free", None, [c_void_p]),
    ("chat_msg_read", c_int, [c_void_p, Span, c_int, POINTER(Err)]),
    ("chat_msg_type", c_int, [c_void_p]),
    ("chat_msg_get_string", c_void_p, [c_void_p, c_int]),
    ("chat_type_word", c_char_p, [c_int]),
    ("chat_type_find", c_int, [Span]),
    ("chat_code_word", c_char_p, [c_int]),
    ("chat_validator_new", c_void_p, [c_int, c_uint, c_size_t]),
    ("chat_validator_free", None, [c_void_p]),
    ("chat_validator_on_finding", None, [c_void_p, Report, c_void_p]),
    ("chat_validator_feed", c_int, [c_void_p, Span, POINTER(Err)]),
    ("chat_validator_counts", POINTER(c_uint64), [c_void_p]),
    ("chat_build_new", c_void_p, [c_int]),
    ("chat_build_free", None, [c_void_p]),
    ("chat_build_string", None, [c_void_p, c_int, c_char_p]),
    ("chat_build_integer", None, [c_void_p, c_int, c_int64]),
    ("chat_build_line", c_void_p, [c_void_p, POINTER(Err)]),
]:
    function = getattr(chat, name)
    function.restype, function.argtypes = result, arguments

ID, TEXT, SENDER, CONTENT, TIMESTAMP = 1, 3, 9, 10, 11  # of enum chat_slot, which only grows at its end


def span(text):
    return Span(text, len(text))


def taken(address):
    """The string that the library has allocated."""
    text = ctypes.string_at(address).decode()
    libc.free(address)
    return text


err = Err()
msg = chat.chat_msg_new()
line = '{"type":"text","text":"grüß dich"}'.encode()  # the values of a message are spans of its line
assert chat.chat_msg_read(msg, span(line), FROM_CLIENT, byref(err)) == 0
print(chat.chat_type_word(chat.chat_msg_type(msg)).decode(), taken(chat.chat_msg_get_string(msg, TEXT)))
assert chat.chat_msg_read(msg, span(b'{"type":"text","text":1}'), FROM_CLIENT, byref(err)) == -1
print(chat.chat_code_word(err.code).decode(), err.field.decode(), err.text.decode())
chat.chat_msg_free(msg)

findings = []
report = Report(lambda arg, line, finding: findings.append(f"line {line}: {finding.contents.field.decode()}"))
validator = chat.chat_validator_new(FROM_CLIENT, 0, 0)
chat.chat_validator_on_finding(validator, report, None)
assert chat.chat_validator_feed(validator, span(b'{"type":"text","text":"a"}\n{"type":"text"}\n'), None) == 0
counts = chat.chat_validator_counts(validator)
print(f"{counts[0]} lines, {counts[1]} valid;", *findings)
chat.chat_validator_free(validator)

build = chat.chat_build_new(chat.chat_type_find(span(b"message")))
for slot, value in (ID, b"1"), (SENDER, b"bob"), (CONTENT, b'a "b"'):
    chat.chat_build_string(build, slot, value)
chat.chat_build_integer(build, TIMESTAMP, 1764255940000)
print(taken(chat.chat_build_line(build, None)))
chat.chat_build_free(build)
