// A TCP proxy that is a bad network: it cuts connections at random places, in both directions, with
// or without a reset, and holds bytes back. For clients that must lose and repeat nothing.
//
//	node faulty-proxy.js --to PORT [--seed N] [--cuts N] [--bytes N] [--delay MS]
//
// A connection is cut after a random number of bytes below --bytes (default 20000), until --cuts
// (default 200) were made; from then on it is a good network. --delay holds each piece back for a
// random time below that. Prints its port once it listens, and a line with the number of cuts on
// SIGUSR1.
'use strict';

const net = require('net');

const options = { seed: 1, cuts: 200, bytes: 20000, delay: 0 };
for (let words = process.argv.slice(2); words.length > 0; words = words.slice(2))
	options[words[0].replace(/^--/, '')] = Number(words[1]);

let state = options.seed >>> 0;
let cuts = 0;

// mulberry32: the same faults for the same seed, as far as the timing allows.
function random(below) {
	state = (state + 0x6d2b79f5) >>> 0;
	let t = Math.imul(state ^ (state >>> 15), 1 | state);
	t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
	return ((t ^ (t >>> 14)) >>> 0) % below;
}

function join(client, server) {
	let left = cuts < options.cuts ? random(options.bytes) : Infinity;

	const cut = () => {
		if (left === -1) return;
		left = -1;
		cuts++;
		const reset = random(2) === 0;
		for (const socket of [client, server]) reset ? socket.resetAndDestroy() : socket.destroy();
	};
	const pass = (from, to) => (data) => {
		const piece = data.length <= left ? data : data.subarray(0, left);
		const give = () => {
			if (to.destroyed) return;
			if (!to.write(piece)) {
				from.pause();
				to.once('drain', () => from.resume());
			}
			if (piece.length < data.length) to.end(cut);
		};
		if (left === -1) return;
		if (left !== Infinity) left -= piece.length;
		if (piece.length < data.length) from.pause();
		if (options.delay === 0) return give();
		from.pause();
		setTimeout(() => {
			give();
			if (piece.length === data.length) from.resume();
		}, random(options.delay));
	};
	client.on('data', pass(client, server));
	server.on('data', pass(server, client));
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
process.on('SIGUSR1', () => process.stdout.write(`${cuts} cuts\n`));
proxy.listen(0, '127.0.0.1', () => process.stdout.write(`${proxy.address().port}\n`));
