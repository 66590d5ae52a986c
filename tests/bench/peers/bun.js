'use strict';
// A chat server as one writes it for Bun: its own WebSocket server (uWebSockets) with a topic for each
// channel. Prints its URL.
const {Channel, status, error, parse, refusal} = require('./chat.js');

function init(ws, message) {
	const {channel} = ws.data;
	const {user, error: refused} = channel.join(message);
	if (refused) {
		ws.send(refused);
		return;
	}
	ws.data.user = user;
	ws.send(channel.userData());
	ws.send(channel.replay());
	if (!user.hidden)
		server.publish(channel.name, status(channel, user, true));
	ws.subscribe(channel.name);
}

const server = Bun.serve({
	hostname: '127.0.0.1',
	port: 0,
	fetch(request, self) {
		const channel = Channel.of(new URL(request.url).pathname);
		if (self.upgrade(request, {data: {channel, user: undefined}}))
			return undefined;
		return new Response('this is a WebSocket server\n', {status: 426});
	},
	websocket: {
		perMessageDeflate: false,
		maxPayloadLength: 1 << 20,
		backpressureLimit: 64 << 20, // never meant to be reached: over it Bun leaves messages out
		message(ws, raw) {
			const message = parse(raw);
			const {channel, user} = ws.data;
			if (!message) {
				ws.send(error('bad_json', 'this is not a message'));
			} else if (message.type === 'init') {
				if (user)
					ws.send(error('already_initialized', 'init was done'));
				else
					init(ws, message);
			} else if (!user) {
				ws.send(error('not_initialized', 'the first message must be init'));
			} else {
				const refused = refusal(message);
				if (refused)
					ws.send(refused);
				else
					server.publish(channel.name, channel.say(user, message.text));
			}
		},
		close(ws) {
			const {channel, user} = ws.data;
			if (user && channel.leave(user))
				server.publish(channel.name, status(channel, user, false));
		},
	},
});

console.log(`ws://127.0.0.1:${server.port}/`);
