'use strict';
// The part of the protocol that both peers share: channels, users, messages. There is no journal, no rate
// limit and no retry by nonce: it is as much as is measured, and less than chat-serve does.

const HISTORY = 50;
const EPOCH = Date.now().toString(16).padStart(12, '0');
const EMPTY_HISTORY = '{"type":"history","messages":[]}';
let sequence = 0;
let timestamp = 0;

const channels = new Map();

class Channel {
	constructor(name) {
		this.name = name;
		this.users = new Map(); // by id: those who are seen
		this.names = new Map(); // the id that holds a username, and how many connections it has
		this.history = []; // messages as JSON
		this.members = 0;
	}

	static of(name) {
		let channel = channels.get(name);
		if (!channel) {
			channel = new Channel(name);
			channels.set(name, channel);
		}
		return channel;
	}

	// A user who joins, or the error that refuses it.
	join(init) {
		const {id, username} = init;
		if (typeof username !== 'string' || username.length < 3 || username.length > 20)
			return {error: error('bad_username', 'a username has 3 to 20 characters')};
		if (typeof id !== 'string' || !/^[a-zA-Z0-9-]+$/.test(id))
			return {error: error('bad_message', 'an id has letters, digits and dashes')};
		const holder = this.names.get(username);
		if (holder && holder.id !== id)
			return {error: error('username_taken', 'the username is taken')};
		if (holder)
			holder.connections++;
		else
			this.names.set(username, {id, connections: 1});
		this.members++;
		const user = {id, username, hidden: init.presence === 'hidden'};
		if (!user.hidden)
			this.users.set(id, {id, username, online: true, lastActive: Date.now()});
		return {user};
	}

	// Returns whether the others are to be told.
	leave(user) {
		const holder = this.names.get(user.username);
		this.members--;
		if (--holder.connections === 0) {
			this.names.delete(user.username);
			this.users.delete(user.id);
		}
		if (this.members === 0 && this.history.length === 0)
			channels.delete(this.name);
		return !user.hidden && holder.connections === 0;
	}

	userData() {
		return JSON.stringify({type: 'userData', users: [...this.users.values()]});
	}

	replay() {
		return this.history.length
			? `{"type":"history","messages":[${this.history.join(',')}]}`
			: EMPTY_HISTORY;
	}

	// The message that a text becomes.
	say(user, text) {
		timestamp = Math.max(timestamp, Date.now());
		const json = JSON.stringify({
			type: 'message',
			id: `${EPOCH}-${(++sequence).toString(16).padStart(10, '0')}`,
			sender: user.username,
			content: text,
			timestamp,
			channel: this.name,
			senderId: user.id,
		});
		this.history.push(json);
		if (this.history.length > HISTORY)
			this.history.shift();
		return json;
	}
}

function status(channel, user, online) {
	return JSON.stringify({
		type: 'userStatus', userId: user.id, username: user.username, online, channel: channel.name,
	});
}

function error(code, message) {
	return JSON.stringify({type: 'error', code, message});
}

// A client's message, or undefined where it is none.
function parse(raw) {
	try {
		const message = JSON.parse(raw);
		return message && typeof message.type === 'string' ? message : undefined;
	} catch {
		return undefined;
	}
}

// Returns what is wrong with a text message, or undefined.
function refusal(message) {
	if (message.type !== 'text')
		return error('unknown_type', 'only init and text are known here');
	if (typeof message.text !== 'string')
		return error('bad_message', 'text is to be a string');
	if (message.text.length < 1)
		return error('text_empty', 'the text is empty');
	if (message.text.length > 1000 && [...message.text].length > 1000)
		return error('text_too_long', 'a text has at most 1000 characters');
	return undefined;
}

module.exports = {Channel, status, error, parse, refusal};
