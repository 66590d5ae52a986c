// A chat server that knows the specification and nothing more: no channels, no nonce, no `server` in
// userData, and error codes of its own. A client that works with it works with any server.
//
//	node plain-server.js [--port N | --unix PATH] [--tls CERT KEY [--client-ca FILE] [--h2 | --h2-only]]
//		[--no-echo] [--no-history] [--log FILE]
//
// Prints its URL on stdout when it listens. --no-echo leaves the sender out of its own broadcast;
// --no-history leaves userData and history out; --h2 offers HTTP/2 beside HTTP/1.1, --h2-only
// nothing else; --log appends every message received to a file.
'use strict';

const fs = require('fs');
const http = require('http');
const http2 = require('http2');
const https = require('https');
const { WebSocketServer } = require('ws');

const options = readOptions(process.argv.slice(2));
const users = new Map(); // socket -> user
const history = [];
let nextId = 1;

function readOptions(words) {
	const read = { port: 0, echo: true, history: true };
	for (let word = words.shift(); word !== undefined; word = words.shift()) {
		if (word === '--port') read.port = Number(words.shift());
		else if (word === '--unix') read.unix = words.shift();
		else if (word === '--tls') read.tls = { cert: words.shift(), key: words.shift() };
		else if (word === '--client-ca') read.clientCa = words.shift();
		else if (word === '--h2' || word === '--h2-only') read.h2 = word;
		else if (word === '--no-echo') read.echo = false;
		else if (word === '--no-history') read.history = false;
		else if (word === '--log') read.log = words.shift();
		else fail(`unknown option ${word}`);
	}
	return read;
}

function fail(text) {
	process.stderr.write(`plain-server: ${text}\n`);
	process.exit(64);
}

function listener() {
	if (!options.tls) return http.createServer();
	const settings = {
		cert: fs.readFileSync(options.tls.cert),
		key: fs.readFileSync(options.tls.key),
		allowHTTP1: options.h2 !== '--h2-only',
	};
	if (options.clientCa) {
		settings.ca = fs.readFileSync(options.clientCa);
		settings.requestCert = true;
		settings.rejectUnauthorized = true;
	}
	return options.h2 ? http2.createSecureServer(settings) : https.createServer(settings);
}

function say(socket, message) {
	socket.send(JSON.stringify(message));
}

function sayToAll(message, except) {
	for (const socket of users.keys()) if (socket !== except) say(socket, message);
}

function refuse(socket, code, message) {
	say(socket, { type: 'error', code, message });
}

function join(socket, message) {
	const known = [...users.values()].some((user) => user.username === message.username);
	if (known) return refuse(socket, 'TAKEN', 'That name is taken.');
	const { id, username } = message;
	const user = { id, username, online: true, lastActive: Date.now() };
	users.set(socket, user);
	if (options.history) {
		say(socket, { type: 'userData', users: [...users.values()] });
		say(socket, { type: 'history', messages: history.slice(-50) });
	}
	sayToAll({ type: 'userStatus', userId: id, username, online: true }, socket);
}

function post(socket, user, content) {
	const message = {
		type: 'message',
		id: String(nextId++),
		sender: user.username,
		content,
		timestamp: Date.now(),
	};
	history.push(message);
	sayToAll(message, options.echo ? undefined : socket);
}

function receive(socket, data) {
	const message = JSON.parse(data);
	const user = users.get(socket);
	if (options.log) fs.appendFileSync(options.log, `${data}\n`);
	if (message.type === 'init') join(socket, message);
	else if (!user) refuse(socket, 'NO_INIT', 'Say init first.');
	else if (message.type === 'text') post(socket, user, message.text);
	else if (message.type === 'file') post(socket, user, message.file.name);
	else refuse(socket, 'WHAT', 'That is no message.');
}

function leave(socket) {
	const user = users.get(socket);
	if (!user) return;
	users.delete(socket);
	sayToAll({ type: 'userStatus', userId: user.id, username: user.username, online: false });
}

const server = listener();
new WebSocketServer({ server }).on('connection', (socket) => {
	socket.on('message', (data) => {
		try {
			receive(socket, data.toString());
		} catch (error) {
			refuse(socket, 'BAD', 'That cannot be read.');
		}
	});
	socket.on('close', () => leave(socket));
	socket.on('error', () => socket.terminate());
});

server.listen(options.unix ?? { port: options.port, host: '127.0.0.1' }, () => {
	const scheme = options.tls ? 'wss' : 'ws';
	const place = options.unix ? 'localhost' : `localhost:${server.address().port}`;
	process.stdout.write(`${scheme}://${place}/\n`);
});
