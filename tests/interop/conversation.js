// A conversation that any client with the browsers' WebSocket interface can have with chat-serve.
// Runs in node with the `ws` package, and in a page.
'use strict';

// Everything of one connection in the order of its coming, to be awaited one by one.
class Connection {
	constructor(WebSocket, url) {
		this.socket = new WebSocket(url);
		this.socket.binaryType = 'arraybuffer';
		this.waiting = [];
		this.came = [];
		this.socket.onopen = () => this.put({ event: 'open' });
		this.socket.onerror = () => {};
		this.socket.onmessage = (event) => this.put(JSON.parse(event.data));
		this.socket.onclose = (event) =>
			this.put({ event: 'close', code: event.code, clean: event.wasClean });
	}

	put(thing) {
		if (this.waiting.length > 0) this.waiting.shift()(thing);
		else this.came.push(thing);
	}

	next() {
		if (this.came.length > 0) return Promise.resolve(this.came.shift());
		return new Promise((resolve) => this.waiting.push(resolve));
	}

	say(message) {
		this.socket.send(JSON.stringify(message));
	}

	async join(username) {
		const opened = await this.next();
		if (opened.event !== 'open') throw new Error(`not opened: ${JSON.stringify(opened)}`);
		this.say({ type: 'init', username, id: `id-${username}` });
		return [await this.next(), await this.next()];
	}
}

function same(a, b) {
	return JSON.stringify(a) === JSON.stringify(b);
}

// Tells test(passed, name, details) of each thing.
async function converse(WebSocket, url, test) {
	const alice = new Connection(WebSocket, url);
	const [users, history] = await alice.join('alice');
	test(users.type === 'userData' && same(users.users.map((user) => user.username), ['alice']),
		'init is answered with who is there', users);
	test(same(history, { type: 'history', messages: [] }), 'and with the history', history);
	test(alice.socket.extensions === '' && alice.socket.protocol === '',
		'no extension and no subprotocol', [alice.socket.extensions, alice.socket.protocol]);

	const bob = new Connection(WebSocket, url);
	await bob.join('bob');
	const came = await alice.next();
	test(came.type === 'userStatus' && came.username === 'bob' && came.online === true,
		'who comes is announced', came);

	const text = 'Hello \u{1F600} "é"\\ \n\u0001 \u2028';
	alice.say({ type: 'text', text });
	const [echo, heard] = [await alice.next(), await bob.next()];
	test(echo.type === 'message' && echo.content === text && echo.sender === 'alice',
		'a text comes back to its sender', echo);
	test(same(echo, heard), 'and to the other, the same', heard);

	const file = { name: 'a.bin', type: 'x/y', size: 300000, data: 'QUJD'.repeat(100000) };
	bob.say({ type: 'file', file });
	const shared = await alice.next();
	test(same(shared.file, file) && same(shared, await bob.next()), 'a file of 400 KB goes round',
		shared.type);

	alice.say({ type: 'text', text: '' });
	const error = await alice.next();
	test(error.type === 'error' && error.code === 'text_empty', 'an error is told', error);
	alice.say({ type: 'text', text: 'still here' });
	test((await alice.next()).content === 'still here', 'and survived');
	await bob.next();

	for (let i = 0; i < 500; i++) alice.say({ type: 'text', text: `number ${i}` });
	let right = 0;
	for (let i = 0; i < 500; i++) {
		const [one, other] = [await alice.next(), await bob.next()];
		right += one.content === `number ${i}` && same(one, other);
	}
	test(right === 500, 'five hundred texts at once arrive in order', right);

	alice.socket.close(1000, 'good bye');
	const closed = await alice.next();
	test(same(closed, { event: 'close', code: 1000, clean: true }), 'a Close is answered', closed);
	const left = await bob.next();
	test(left.type === 'userStatus' && left.username === 'alice' && left.online === false,
		'who leaves is announced', left);

	bob.socket.send(new Uint8Array([1, 2, 3]));
	const fatal = await bob.next();
	test(fatal.type === 'error' && fatal.fatal === true, 'binary: the error comes first', fatal);
	const refused = await bob.next();
	test(refused.event === 'close' && refused.code === 1003, 'then Close 1003', refused);
}

// Tells if this page may connect.
async function knock(WebSocket, url) {
	const connection = new Connection(WebSocket, url);
	const first = await connection.next();
	connection.socket.close();
	return first;
}

if (typeof module !== 'undefined') module.exports = { Connection, converse, knock };
