'use strict';
// A listener for node and ws, as it is usually written: prints every message as a line.
const WebSocket = require('ws');

const ws = new WebSocket(process.argv[2]);
let lines = [];

ws.on('open', () => ws.send(JSON.stringify({type: 'init', username: 'node', id: 'node-1'})));
ws.on('message', (data) => {
	if (lines.push(data.toString()) >= 1000)
		flush();
});
ws.on('close', () => flush());

function flush() {
	if (lines.length)
		process.stdout.write(lines.join('\n') + '\n');
	lines = [];
}
