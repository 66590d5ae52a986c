// A proxy that knows CONNECT alone (RFC 9110 section 9.3.6).
//
//	node connect-proxy.js [STATUS]
//
// Prints its URL on stdout once it listens, then a line "CONNECT host:port" for every request. With
// a STATUS it answers all of them with that status. Each tunnel leads to loopback, whatever its address.
'use strict';

const http = require('http');
const net = require('net');

const refusal = process.argv[2];
const proxy = http.createServer((request, response) => {
	process.stdout.write(`${request.method} ${request.url}\n`);
	response.writeHead(501).end();
});

proxy.on('connect', (request, client, head) => {
	process.stdout.write(`CONNECT ${request.url}\n`);
	client.on('error', () => client.destroy());
	if (refusal) {
		client.end(`HTTP/1.1 ${refusal} No\r\nContent-Length: 0\r\n\r\n`);
		return;
	}
	const port = Number(request.url.split(':').pop());
	const server = net.connect(port, '127.0.0.1', () => {
		client.write('HTTP/1.1 200 Connection established\r\n\r\n');
		server.write(head);
		server.pipe(client).pipe(server);
	});
	server.on('error', () => client.destroy());
	client.on('close', () => server.destroy());
});

proxy.listen(0, '127.0.0.1', () =>
	process.stdout.write(`http://127.0.0.1:${proxy.address().port}\n`)
);
