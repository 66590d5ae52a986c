// A server of bytes: what it says to whoever connects is the path's affair, right or wrong. For
// clients that must come to the right end whatever they meet.
//
//	node odd-server.js
//
// Prints its URL on stdout once it listens; the answers are listed below.
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
