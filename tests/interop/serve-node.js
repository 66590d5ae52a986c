// chat-serve and the WebSocket client of node's `ws`: a conversation, and how the server ends.
//
//	node serve-node.js URL PID
'use strict';

const WebSocket = require('ws');
const { Connection, converse } = require('./conversation.js');

const [url, pid] = process.argv.slice(2);
let count = 0;
let failed = 0;

function test(passed, name, details) {
	count++;
	failed += !passed;
	console.log(`${passed ? 'ok' : 'not ok'} ${count} - ${name}`);
	if (!passed) console.log(`# ${JSON.stringify(details)}`);
}

function refusal(target, options) {
	return new Promise((resolve) => {
		const socket = new WebSocket(target, options);
		socket.on('open', () => resolve('open'));
		socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
		socket.on('error', (error) => resolve(error.message));
	});
}

async function main() {
	await converse(WebSocket, url, test);
	await converse(WebSocket, `${url}other`, () => {});
	test(await refusal(`${url}a//b`) === 404, 'no such channel: 404');
	test(await refusal(url, { origin: 'http://evil.example' }) === 403, 'a foreign origin: 403');

	const carl = new Connection(WebSocket, `${url}last`);
	await carl.join('carl');
	const pong = new Promise((resolve) => carl.socket.on('pong', (data) => resolve(String(data))));
	carl.socket.ping('are you there?');
	test(await pong === 'are you there?', 'a ping is answered');
	process.kill(Number(pid), 'SIGTERM');
	const last = await carl.next();
	test(last.type === 'error' && last.code === 'shutting_down', 'the end is announced', last);
	const closed = await carl.next();
	test(closed.code === 1001 && closed.clean, 'with Close 1001', closed);
	console.log(`1..${count}`);
	process.exit(failed > 0 ? 1 : 0);
}

main();
