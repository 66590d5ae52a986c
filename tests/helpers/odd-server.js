// A server that sends fixed bytes, right or wrong; the path of the URL chooses which. Clients must come to
// the right end whatever they get.
//
//	node odd-server.js
//
// Prints its URL on stdout when it listens; the answers are listed below.
'use strict';

const crypto = require('crypto');
const net = require('net');

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

// An unmasked frame.
function frame(first, payload) {
	const bytes = Buffer.from(payload);
	const header = Buffer.alloc(bytes.length < 126 ? 2 : 4);
	header[0] = first;
	if (bytes.length < 126) header[1] = bytes.length;
	else {
		header[1] = 126;
		header.writeUInt16BE(bytes.length, 2);
	}
	return Buffer.concat([header, bytes]);
}

const text = (payload) => frame(0x81, payload);

function close(code, reason = '') {
	const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
	payload.writeUInt16BE(code);
	payload.write(reason, 2);
	return frame(0x88, payload);
}

function accept(key) {
	const hash = crypto.createHash('sha1').update(key + GUID).digest('base64');
	return Buffer.from(
		'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
			`Sec-WebSocket-Accept: ${hash}\r\n\r\n`
	);
}

const plain = (words) => Buffer.from(`HTTP/1.1 ${words}\r\nContent-Length: 0\r\n\r\n`);

// One write after the other, each only when the one before has left.
function inBytes(socket, bytes) {
	socket.setNoDelay(true);
	const next = (i) => i < bytes.length && socket.write(bytes.subarray(i, i + 1), () => next(i + 1));
	next(0);
}

// path: (socket, key) => what happens once a request is whole
const answers = {
	'/404': (socket) => socket.end(plain('404 Not Found')),
	'/401': (socket) => socket.end(plain('401 Unauthorized')),
	'/503': (socket) => socket.end(plain('503 Service Unavailable')),
	'/200': (socket) => socket.end(plain('200 OK')),
	'/garbage': (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'),
	'/end': (socket) => socket.end(),
	'/reset': (socket) => socket.resetAndDestroy(),
	'/silent': () => {},
	'/long-head': (socket) => socket.write(`HTTP/1.1 101 ${'x'.repeat(9000)}`),
	'/wrong-accept': (socket) => socket.write(accept('dGhlIHNhbXBsZSBub25jZQ==')),
	'/at-once': (socket, key) =>
		socket.write(Buffer.concat([accept(key), text('one'), text('two'), close(1000)])),
	'/in-bytes': (socket, key) =>
		inBytes(socket, Buffer.concat([accept(key), text('one'), text('two'), close(1000)])),
	'/end-later': (socket, key) => socket.end(Buffer.concat([accept(key), text('one')])),
	'/reset-later': (socket, key) => socket.write(accept(key), () => socket.resetAndDestroy()),
	'/masked': (socket, key) =>
		socket.write(Buffer.concat([accept(key), Buffer.from('\x81\x81abcdx', 'latin1')])),
	'/binary': (socket, key) => socket.write(Buffer.concat([accept(key), frame(0x82, 'x')])),
	'/not-utf8': (socket, key) =>
		socket.write(Buffer.concat([accept(key), frame(0x81, Buffer.from([0xff]))])),
	'/huge': (socket, key) =>
		socket.write(Buffer.concat([accept(key), Buffer.from([0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0])])),
	'/escapes': (socket, key) =>
		socket.write(Buffer.concat([accept(key), close(1008, 'go \x1b[2J\u202eaway')])),
	'/empty-close': (socket, key) => socket.write(Buffer.concat([accept(key), frame(0x88, '')])),
	// Pings, then says each frame that comes in words; after a Close it closes too.
	'/mirror': (socket, key) => {
		socket.write(Buffer.concat([accept(key), frame(0x89, 'are you there')]));
		eachFrame(socket, (first, payload) => {
			socket.write(text(`${first.toString(16)} ${payload.toString('latin1')}`));
			if (first === 0x88) socket.write(frame(first, payload));
		});
	},
	// Reads a Close and cuts the connection without a word.
	'/cut-on-close': (socket, key) => {
		socket.write(accept(key));
		eachFrame(socket, (first) => first === 0x88 && socket.end());
	},
};

for (const code of [1000, 1001, 1002, 1007, 1008, 1009, 1011, 1013, 3000])
	answers[`/close-${code}`] = (socket, key) =>
		socket.write(Buffer.concat([accept(key), text('last words'), close(code, 'because')]));

// ---- what no server would say, for clients-hostile-server.sh ----

const ESC = '\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\r\b';
const json = (value) => text(JSON.stringify(value));
const userData = (username = 'x') =>
	json({ type: 'userData', users: [{ id: 'u', username, online: true }] });
const message = (members) =>
	json({ type: 'message', id: 'm', sender: 's', content: 'c', timestamp: 1, ...members });
const history = (messages) => json({ type: 'history', messages });

// Says a piece again and again, as fast as it is read.
function forever(socket, piece) {
	const chunk = Buffer.concat(Array(Math.max(1, Math.floor(65536 / piece.length))).fill(piece));
	const more = () => {
		while (!socket.destroyed && socket.write(chunk));
	};
	socket.on('drain', more);
	more();
}

const huge = (first) => Buffer.from([first, 127, 0, 0, 1, 0, 0, 0, 0, 0]);

// name: what comes after the handshake. `joined-` has been let in before.
const says = {
	nothing: Buffer.alloc(0),
	garbage: Buffer.from('\xde\xad\xbe\xef'.repeat(9), 'latin1'),
	masked: Buffer.from('\x81\x81abcdx', 'latin1'),
	'rsv-1': frame(0xc1, 'x'),
	'rsv-2': frame(0xa1, 'x'),
	'rsv-3': frame(0x91, 'x'),
	'opcode-3': frame(0x83, 'x'),
	'opcode-b': frame(0x8b, 'x'),
	binary: frame(0x82, 'x'),
	'huge-length': huge(0x81),
	'huge-ping': huge(0x89),
	'long-ping': frame(0x89, 'p'.repeat(126)),
	'parted-ping': frame(0x09, 'p'),
	'lone-continuation': frame(0x80, 'x'),
	'text-in-text': Buffer.concat([frame(0x01, 'x'), frame(0x81, 'x')]),
	'half-header': Buffer.from([0x81]),
	'half-frame': Buffer.from([0x81, 100, 0x7b]),
	'not-utf8': frame(0x81, Buffer.from([0xff])),
	'one-byte-close': frame(0x88, 'x'),
	'close-not-utf8': frame(0x88, Buffer.from([3, 232, 0xff])),
	'close-1005': close(1005),
	'bad-json': text('{"type":'),
	'nul-byte': text('{"type":"message","id":"\0"}'),
	'half-pair': text('{"type":"message","id":"\\ud800"}'),
	'half-pair-in-bad-json': text('{"type":"message","id":"\\ud800","x":"\n"}'),
	'no-json': text('hello'),
	'deep-json': text('['.repeat(60000)),
	'not-an-object': text('[1,2,3]'),
	'no-type': text('{}'),
	'wrong-types': json({ type: 'message', id: 1, sender: [], content: {}, timestamp: 'x' }),
	'wrong-users': json({ type: 'userData', users: 'all' }),
	'wrong-history': json({ type: 'history', messages: { a: 1 } }),
	'error-of-nothing': json({ type: 'error', code: 7, message: null }),
	'escapes-everywhere': Buffer.concat([
		json({ type: 'userData', users: [{ id: ESC, username: ESC, online: true }] }),
		history([{ type: 'message', id: ESC, sender: ESC, content: ESC, timestamp: 1 }]),
		message({ id: ESC + 1, sender: ESC, content: ESC }),
		message({ id: ESC + 2, type: ESC, sender: ESC, content: ESC, replyTo: ESC }),
		message({ id: 'f', file: { name: ESC, mimeType: ESC, size: 3, data: 'YWJj' } }),
		json({ type: 'userStatus', userId: ESC, username: ESC, online: true }),
		json({ type: 'error', code: ESC, message: ESC, field: ESC }),
		json({ type: ESC, text: ESC }),
	]),
	'escapes-in-close': close(1008, ESC),
	'invisible-names': Buffer.concat([
		userData('al\u200bice'),
		history([{ type: 'message', id: 'm1', sender: 'alice\ufe0f', content: 'hi \u2764\ufe0f', timestamp: 1 }]),
		json({ type: 'userStatus', userId: 'u', username: 'bob\u{e0061}', online: true }),
		message({ id: 'm2', sender: '\u2800\u2800\u2800' }),
	]),
};

for (const [name, bytes] of Object.entries(says)) {
	answers[`/x/${name}`] = (socket, key) => socket.write(Buffer.concat([accept(key), bytes]));
	answers[`/x/joined-${name}`] = (socket, key) =>
		socket.write(Buffer.concat([accept(key), userData(), history([]), bytes]));
	answers[`/x/ended-${name}`] = (socket, key) =>
		socket.end(Buffer.concat([accept(key), userData(), history([]), bytes]));
}

// name: what comes without an end
const floods = {
	pings: frame(0x89, 'p'.repeat(125)),
	pongs: frame(0x8a, 'p'.repeat(125)),
	'empty-texts': text(''),
	'bad-texts': text('{}'),
	messages: message({ content: 'c'.repeat(200) }),
	'long-messages': message({ content: 'c'.repeat(60000) }),
	errors: json({ type: 'error', code: 'x', message: 'y'.repeat(100) }),
	histories: history(Array(50).fill({ type: 'message', id: 'm', sender: 's', content: 'c', timestamp: 1 })),
	fragments: frame(0x00, 'f'.repeat(1000)),
	'empty-fragments': frame(0x00, ''),
};

for (const [name, piece] of Object.entries(floods))
	answers[`/x/flood-${name}`] = (socket, key) => {
		const start = name.endsWith('fragments') ? frame(0x01, '"') : Buffer.alloc(0);
		socket.write(Buffer.concat([accept(key), userData(), history([]), start]));
		forever(socket, piece);
	};

answers['/x/endless-head'] = (socket) => {
	socket.write('HTTP/1.1 101 Switching\r\n');
	forever(socket, Buffer.from('X-Header: more\r\n'));
};
answers['/x/endless-body'] = (socket) => {
	socket.write('HTTP/1.1 200 OK\r\n\r\n');
	forever(socket, Buffer.from('more'));
};
answers['/x/drip'] = (socket, key) =>
	inBytes(socket, Buffer.concat([accept(key), userData(), history([]), message({})]));

// Answers nothing, not even a ping, before 3.5 s have passed; then init and what was said meanwhile.
answers['/late'] = (socket, key) => {
	const heard = [];
	socket.write(accept(key));
	eachFrame(socket, (first, payload) => heard.push([first & 0xf, payload]));
	setTimeout(() => {
		const past = { type: 'message', id: 'y', sender: 's', content: 'at last', timestamp: 1 };
		const server = { features: ['nonce', 'since'] };
		const user = JSON.parse(heard[0][1]);
		socket.write(json({ type: 'userData', users: [], server }));
		socket.write(json({ type: 'history', messages: [past], complete: true }));
		const answer = (opcode, payload) => {
			if (opcode === 8) socket.write(frame(0x88, payload));
			if (opcode === 9) socket.write(frame(0x8a, payload));
			if (opcode !== 1) return;
			const { text, nonce } = JSON.parse(payload);
			socket.write(message({ id: 'z', sender: user.username, senderId: user.id, content: text, nonce }));
		};
		heard.splice(1).forEach((one) => answer(...one));
		heard.push = (one) => answer(...one);
	}, 3500);
};
answers['/mute'] = (socket, key) => socket.write(accept(key));

// Calls back with each short frame of a client, unmasked.
function eachFrame(socket, callback) {
	let bytes = Buffer.alloc(0);
	socket.on('data', (data) => {
		bytes = Buffer.concat([bytes, data]);
		while (bytes.length >= 6 && bytes.length >= 6 + (bytes[1] & 0x7f)) {
			const end = 6 + (bytes[1] & 0x7f);
			const payload = bytes.subarray(6, end).map((byte, i) => byte ^ bytes[2 + (i % 4)]);
			callback(bytes[0], payload);
			bytes = bytes.subarray(end);
		}
	});
}

const server = net.createServer((socket) => {
	let head = '';
	const read = (data) => {
		head += data.toString('latin1');
		if (!head.includes('\r\n\r\n')) return;
		socket.off('data', read);
		socket.resume();
		const path = head.split(' ')[1];
		const key = /^Sec-WebSocket-Key: (.*)\r$/im.exec(head)?.[1];
		(answers[path] ?? answers['/404'])(socket, key);
	};
	socket.on('data', read);
	socket.on('error', () => {});
});

server.listen(0, '127.0.0.1', () =>
	process.stdout.write(`ws://localhost:${server.address().port}/\n`)
);
