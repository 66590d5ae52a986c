// A web server with one page, which talks to chat-serve and posts what came of it.
//
//	node browser.js converse|knock CHAT-URL RESULT-FILE
//
// Prints its port; writes what the page posts, and ends.
'use strict';

const fs = require('fs');
const http = require('http');
const path = require('path');

const [task, chat, resultFile] = process.argv.slice(2);

const page = `<!DOCTYPE html>
<meta charset="utf-8">
<title>chat</title>
<script src="/conversation.js"></script>
<script>
'use strict';
const lines = [];
function test(passed, name, details) {
	lines.push((passed ? 'ok ' : 'not ok ') + name);
	if (!passed) lines.push('# ' + JSON.stringify(details));
}
async function run() {
	if (${JSON.stringify(task)} === 'converse') await converse(WebSocket, ${JSON.stringify(chat)}, test);
	else lines.push(JSON.stringify(await knock(WebSocket, ${JSON.stringify(chat)})));
}
run()
	.catch((error) => lines.push('not ok ' + error))
	.then(() => fetch('/result', { method: 'POST', body: lines.join('\\n') + '\\n' }));
</script>
`;

const server = http.createServer((request, response) => {
	if (request.method === 'POST' && request.url === '/result') {
		let body = '';
		request.on('data', (piece) => { body += piece; });
		request.on('end', () => {
			fs.writeFileSync(`${resultFile}.new`, body);
			fs.renameSync(`${resultFile}.new`, resultFile);
			response.end('', () => process.exit(0));
		});
	} else if (request.url === '/conversation.js') {
		response.setHeader('Content-Type', 'text/javascript; charset=utf-8');
		response.end(fs.readFileSync(path.join(__dirname, 'conversation.js')));
	} else if (request.url === '/') {
		response.setHeader('Content-Type', 'text/html; charset=utf-8');
		response.end(page);
	} else {
		response.statusCode = 404;
		response.end();
	}
});

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
