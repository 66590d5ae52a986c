'use strict';
// A chat server for node and ws, as fast as it gets: what a channel hears in one turn of the loop is
// joined once, and written to each member's socket in one piece. Prints its URL.
//
//	node ws.js [CERTIFICATE KEY]
const fs = require('fs');
const http = require('http');
const https = require('https');
const {WebSocketServer, Sender} = require('ws');
const {Channel, status, error, parse, refusal} = require('./chat.js');

const QUEUE_MAX = 64 << 20; // bytes that a member may leave unread
const FRAME = {fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true};

class Room {
	constructor(channel) {
		this.channel = channel;
		this.sockets = new Map(); // of the members, by their ws
		this.pending = []; // frames of this turn
	}

	publish(json) {
		if (this.pending.length === 0)
			setImmediate(() => this.flush());
		this.pending.push(...Sender.frame(Buffer.from(json), FRAME));
	}

	flush() {
		const frames = Buffer.concat(this.pending);
		this.pending.length = 0;
		for (const [ws, socket] of this.sockets) {
			if (socket.writableLength > QUEUE_MAX)
				ws.terminate();
			else if (socket.writable)
				socket.write(frames);
		}
	}

	// Earlier messages are the newcomer's history, not its first messages.
	add(ws) {
		if (this.pending.length)
			this.flush();
		this.sockets.set(ws, ws._socket);
	}
}

const rooms = new Map();

function enter(ws, room, message) {
	const {user, error: refused} = room.channel.join(message);
	if (refused) {
		ws.send(refused);
		return undefined;
	}
	if (!user.hidden)
		room.publish(status(room.channel, user, true));
	ws.send(room.channel.userData());
	ws.send(room.channel.replay());
	room.add(ws);
	return user;
}

function serve(ws, request) {
	const name = request.url.split('?', 1)[0];
	let user;
	let room = rooms.get(name);
	if (!room) {
		room = new Room(Channel.of(name));
		rooms.set(name, room);
	}

	ws.on('message', (raw) => {
		const message = parse(raw);
		if (!message) {
			ws.send(error('bad_json', 'this is not a message'));
		} else if (message.type === 'init') {
			if (user)
				ws.send(error('already_initialized', 'init was done'));
			else
				user = enter(ws, room, message);
		} else if (!user) {
			ws.send(error('not_initialized', 'the first message must be init'));
		} else {
			const refused = refusal(message);
			if (refused)
				ws.send(refused);
			else
				room.publish(room.channel.say(user, message.text));
		}
	});
	ws.on('close', () => {
		room.sockets.delete(ws);
		if (user && room.channel.leave(user))
			room.publish(status(room.channel, user, false));
	});
	ws.on('error', () => ws.terminate());
}

const [cert, key] = process.argv.slice(2).map((file) => fs.readFileSync(file));
const web = cert ? https.createServer({cert, key}) : http.createServer();
const server = new WebSocketServer({
	server: web,
	perMessageDeflate: false,
	maxPayload: 1 << 20,
	clientTracking: false,
});
server.on('connection', serve);
web.listen({host: '127.0.0.1', port: 0, backlog: 4096}, () =>
	console.log(`${cert ? 'wss' : 'ws'}://127.0.0.1:${web.address().port}/`));
