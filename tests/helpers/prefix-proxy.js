// A proxy that serves a server below a path of its own: /below/it/ops here is /ops there. Prints its port.
//
//	node prefix-proxy.js PORT
'use strict';

const http = require('http');
const net = require('net');

const PREFIX = '/below/it';
const port = Number(process.argv[2]);

// The head as the server is to get it, or null for another path.
function headOf(request) {
	if (!request.url.startsWith(PREFIX + '/')) return null;
	const fields = [];
	for (let i = 0; i < request.rawHeaders.length; i += 2) fields.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
	return `${request.method} ${request.url.slice(PREFIX.length)} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`;
}

function join(request, client) {
	const head = headOf(request);
	if (!head) {
		client.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
		return;
	}
	const server = net.connect(port, '127.0.0.1', () => server.write(head));
	server.on('error', () => client.destroy());
	client.on('error', () => server.destroy());
	server.pipe(client);
	client.pipe(server);
}

const proxy = http.createServer((request) => join(request, request.socket));
proxy.on('upgrade', (request, client) => join(request, client));
proxy.listen(0, '127.0.0.1', () => console.log(proxy.address().port));
