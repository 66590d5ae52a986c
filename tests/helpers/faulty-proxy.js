// A TCP proxy that acts as a bad network. It cuts connections at random places, in both directions, with
// or without a reset, swallows answers before a cut, holds bytes back, and sends messages twice. Clients
// behind it must lose and repeat nothing.
//
//	node faulty-proxy.js --to PORT [--seed N] [--cuts N] [--bytes N] [--delay MS] [--repeat PERCENT]
//
// A connection is cut after a random number of bytes below --bytes (default 20000), until --cuts
// (default 200) were made; from then on the network is good. Before every other cut there is a time in
// which the server hears the client and the client hears nothing. --delay holds each piece back for a
// random time below MS. --repeat sends that percentage of the server's messages twice. The proxy prints
// its port when it listens, and a line with the numbers of cuts and repeats on SIGUSR1.
'use strict';

const net = require('net');

const options = { seed: 1, cuts: 200, bytes: 20000, delay: 0, repeat: 0 };
for (let words = process.argv.slice(2); words.length > 0; words = words.slice(2))
	options[words[0].replace(/^--/, '')] = Number(words[1]);

const SWALLOW_MS = 50; // that the client hears nothing, at most, before the cut
let state = options.seed >>> 0;
let cuts = 0;
let repeats = 0;

// mulberry32: the same faults for the same seed, as far as the timing allows.
function random(below) {
	state = (state + 0x6d2b79f5) >>> 0;
	let t = Math.imul(state ^ (state >>> 15), 1 | state);
	t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
	return ((t ^ (t >>> 14)) >>> 0) % below;
}

// The length of the frame at the beginning of these bytes, which a server does not mask; 0: not whole.
function frameLength(bytes) {
	if (bytes.length < 2) return 0;
	const head = { 126: 4, 127: 10 }[bytes[1]] || 2;
	if (bytes.length < head) return 0;
	const payload = head === 2 ? bytes[1] : head === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
	return bytes.length < head + payload ? 0 : head + payload;
}

// Returns the bytes for the client in place of those that the server sent: whole frames, some of them twice.
function repeater() {
	let held = Buffer.alloc(0);
	let upgraded = false;

	return (data) => {
		const out = [];
		held = Buffer.concat([held, data]);
		if (!upgraded) {
			const end = held.indexOf('\r\n\r\n');
			if (end < 0) return Buffer.alloc(0);
			out.push(held.subarray(0, end + 4));
			held = held.subarray(end + 4);
			upgraded = true;
		}
		for (let length; (length = frameLength(held)); held = held.subarray(length)) {
			const frame = held.subarray(0, length);
			out.push(frame);
			if (frame[0] === 0x81 && frame.includes('{"type":"message"') && !frame.includes('"history"') &&
				random(100) < options.repeat) {
				out.push(frame);
				repeats++;
			}
		}
		return Buffer.concat(out);
	};
}

function join(client, server) {
	let left = cuts < options.cuts ? random(options.bytes) : Infinity;
	let swallows = false;

	const cut = () => {
		if (left === -1) return;
		left = -1;
		cuts++;
		const reset = random(2) === 0;
		for (const socket of [client, server]) reset ? socket.resetAndDestroy() : socket.destroy();
	};
	// How much of a piece goes through; the rest is where the network breaks.
	const take = (length) => {
		if (length <= left) {
			if (left !== Infinity) left -= length;
			return length;
		}
		if (!swallows && random(2) === 0) {
			swallows = true;
			left = Infinity;
			setTimeout(cut, random(SWALLOW_MS));
			return length;
		}
		const taken = left;
		left = 0;
		return taken;
	};
	const pass = (from, to, change) => (data) => {
		if (left === -1) return;
		const length = take(data.length);
		const broken = length < data.length;
		const give = () => {
			const piece = change(data.subarray(0, length));
			if (to.destroyed) return;
			if (piece.length > 0 && !(swallows && to === client) && !to.write(piece)) {
				from.pause();
				to.once('drain', () => from.resume());
			}
			if (broken) to.end(cut);
		};
		if (broken) from.pause();
		if (options.delay === 0) return give();
		from.pause();
		setTimeout(() => {
			give();
			if (!broken) from.resume();
		}, random(options.delay));
	};
	client.on('data', pass(client, server, (data) => data));
	server.on('data', pass(server, client, options.repeat ? repeater() : (data) => data));
	for (const [one, other] of [[client, server], [server, client]]) {
		one.on('error', () => other.destroy());
		one.on('close', () => other.destroy());
		one.on('end', () => other.end());
		one.setNoDelay(true);
	}
}

const proxy = net.createServer((client) => {
	join(client, net.connect(options.to, '127.0.0.1'));
});
process.on('SIGUSR1', () => process.stdout.write(`${cuts} cuts, ${repeats} repeats\n`));
proxy.listen(0, '127.0.0.1', () => process.stdout.write(`${proxy.address().port}\n`));
