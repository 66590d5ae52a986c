// The page of chat-serve in headless Chromium: people who talk, what is lost and found, and what is hostile.
//
//	node browser-page-tests.js CHROMIUM URL DIRECTORY [AXE]
//
// Prints TAP lines without numbers. DIRECTORY gets pictures, $TMP the profile. The shell script around it does
// what a line "do: …" of ours asks for, and answers with a line on our stdin.
'use strict';

const fs = require('fs');
const path = require('path');
const readline = require('readline');
const { Browser } = require('./browser-page.js');

const [program, url, directory, axe] = process.argv.slice(2); // axe: its file, if there is one
const answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function ask(what) {
	console.log(`do: ${what}`);
	return (await answers.next()).value;
}

function test(passed, name, details) {
	console.log((passed ? 'ok ' : 'not ok ') + name);
	if (!passed) console.log('# ' + JSON.stringify(details)?.slice(0, 1000));
}

const unique = (list) => new Set(list).size === list.length;
const waits = (page) => page.value('document.querySelectorAll("#waiting li").length');

async function talk(browser) {
	const alice = await browser.open(url), bob = await browser.open(url);
	await alice.join('alice');
	await bob.join('bob');
	await alice.say('hello from a page');
	await bob.sees('hello from a page');
	test(true, 'what one page says the other shows');
	await alice.until('document.querySelectorAll("#waiting li").length === 0');
	test(await alice.value('document.querySelector(".row.own .name").textContent') === 'alice', 'a message that was heard is ours');
	await ask('say a line of a bot');
	await alice.sees('a line of a bot');
	await bob.sees('a line of a bot');
	test(true, 'both show what chat-send says');
	await alice.value('document.getElementById("text").focus()');
	await alice.call('Input.insertText', { text: 'two' });
	await alice.key('Enter', 8);
	await alice.call('Input.insertText', { text: 'lines' });
	await alice.key('Enter');
	await bob.sees('two\nlines');
	test(true, 'Shift and Enter begin a line, Enter sends');
	test(/2|3/.test(await bob.value('document.getElementById("who").textContent')), 'who is there is counted');
	await bob.value('document.querySelector("#rows .row button").click()');
	await bob.say('an answer');
	await alice.sees('an answer');
	test((await alice.value('document.querySelector("#rows .quote").textContent')).includes('hello from a page'),
		'an answer names what it answers');
	await alice.value('document.querySelector("#rows .quote").click()');
	test(await alice.value('document.querySelector(".found .text").textContent') === 'hello from a page', 'and leads there');
	const hasty = await browser.open(url);
	await hasty.value(`document.getElementById("name").value = "hasty";
		for (let i = 0; i < 2; i++) document.getElementById("join-form").requestSubmit();`);
	await hasty.until('document.getElementById("state").textContent === "you are hasty"');
	test(hasty.errors.length === 0, 'who joins twice is there once', hasty.errors);
	const before = await alice.texts();
	await alice.call('Page.reload');
	await alice.until('/^you are alice/.test(document.getElementById("state").textContent)');
	await alice.sees('an answer');
	test(JSON.stringify(await alice.texts()) === JSON.stringify(before), 'a page that is loaded again shows the same', before);
	return [alice, bob];
}

async function lose([alice, bob]) {
	await ask('end the server');
	await alice.until('document.getElementById("state").textContent === "reconnecting"');
	test(true, 'a lost connection is told');
	await alice.say('said in the dark');
	test(await waits(alice) === 1, 'what is said meanwhile waits');
	await bob.until('document.getElementById("state").textContent === "reconnecting"');
	await bob.say('said before a reload');
	await ask('start the server');
	await alice.sees('said in the dark', 60000);
	await bob.sees('said in the dark', 60000);
	await alice.until('document.querySelectorAll("#waiting li").length === 0');
	test(unique(await bob.texts()), 'and comes once, to a server that was restarted', await bob.texts());
	await ask('end the server');
	await bob.until('document.getElementById("state").textContent === "reconnecting"');
	await bob.say('said before the page is loaded again');
	const held = await bob.value('sessionStorage.getItem(waitingKey)');
	test(held.includes('loaded again'), 'what waits is kept', held);
	await ask('start the server');
	await bob.call('Page.reload');
	await alice.sees('said before the page is loaded again', 60000);
	test(true, 'for a page that is loaded again');
	await bob.until('typeof joined !== "undefined" && joined', 60000);
	for (let i = 0; i < 20; i++) await alice.say(`burst ${i}`);
	await ask('kill the server');
	await alice.say('after the cut');
	await ask('start the server');
	await alice.sees('after the cut', 60000);
	await bob.sees('after the cut', 60000);
	await alice.until('document.querySelectorAll("#waiting li").length === 0', 60000);
	for (let i = 0; i < 20; i++) await bob.sees(`burst ${i}`);
	const texts = (await bob.texts()).filter((text) => /^burst|^after the cut/.test(text));
	test(texts.length === 21 && unique(texts), 'a cut in the middle of sending loses nothing and doubles nothing', texts);
	test((await ask('count burst')) === '20', 'as the server has it');
}

// A message without an echo, of which the server may have forgotten the nonce when the page comes back.
async function doubt(browser) {
	const page = await browser.open(url);
	await page.join('doubter');
	await page.value('socket.onmessage = null');
	await page.say('doubtful');
	await ask('say sixty lines');
	await page.value('[...waiting.values()][0].tried -= 6 * 60000; keepWaiting()');
	await page.call('Page.reload');
	await page.until('document.querySelector(".row.refused .why")');
	test(/may or may not/.test(await page.value('document.querySelector(".row.refused .why").textContent')),
		'what was sent long ago is not sent again unasked');
	await page.value('waiting.clear(); keepWaiting()');
}

async function files([alice, bob]) {
	await alice.value(`(() => {
		const data = new DataTransfer();
		const png = Uint8Array.from(atob('iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg=='), (c) => c.charCodeAt(0));
		data.items.add(new File([png], 'dot.png', { type: 'image/png' }));
		data.items.add(new File(['<svg xmlns="http://www.w3.org/2000/svg" onload="window.pwned=1"/>'], 'bad.svg', { type: 'image/svg+xml' }));
		document.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }));
	})()`);
	await bob.until('document.querySelector("#rows img")?.naturalWidth === 2');
	test(true, 'an image that is dropped is shown');
	await bob.until('document.querySelectorAll("#rows a[download]").length === 2');
	test(await bob.value('document.querySelectorAll("#rows img").length') === 1, 'an SVG file is a download only');
	test(await bob.value('blobTypes.join()') === 'image/png,application/octet-stream', 'of a type that runs nothing', await bob.value('blobTypes'));
	await alice.value(`sendFile(new File([new Uint8Array(5000000)], 'big.bin'))`);
	test(/too large; at most/.test(await alice.value('document.getElementById("note").textContent')), 'a file that is too large is told before');
	await alice.value(`{
		sendFile(new File([new Uint8Array(600000)], 'long.bin'));
		sendFile(new File(['x'], 'short\\u202Egnp.txt'));
	}`);
	await bob.until('order.some((message) => message.content === "long.bin") && order.at(-1).content.startsWith("short")');
	test(true, 'files come in the order in which they were chosen');
	test(await bob.value('[...document.querySelectorAll("#rows a[download]")].pop().download') === 'shortgnp.txt',
		'the name of a download has nothing that nobody sees');
	await alice.value('setAnswer(null)');
	await alice.value(`say({ type: 'text', text: '' }, { content: 'refused' })`);
	await alice.until('document.querySelector(".row.refused .why")');
	test(/empty|character/.test(await alice.value('document.querySelector(".row.refused .why").textContent')), 'a refusal is told, with its words');
	await alice.value('[...waiting.values()][0].message.text = "now it is good"; document.querySelector(".row.refused .why button").click()');
	await bob.sees('now it is good');
	test(await alice.value('document.querySelectorAll(".row.refused").length') === 0, 'and the message can be sent again');
}

async function hostile([alice, bob]) {
	await ask('say what is hostile');
	await bob.sees('the last hostile line');
	const html = await bob.value('document.getElementById("rows").innerHTML');
	test(!/<script|<iframe|onerror=[^&]*alert\(1\)">|href="javascript/i.test(html.replace(/&lt;[^&]*&gt;/g, '')), 'no tag of a message is one of the page');
	test(await bob.value('window.pwned') === undefined, 'nothing of it ran');
	test(await bob.value('[...document.querySelectorAll("#rows a:not([download])")].every((a) => /^https?:/.test(a.href) && /noopener/.test(a.rel))'),
		'links lead to http and https alone');
	test(await bob.value('[...document.querySelectorAll("#rows .odd")].some((odd) => odd.textContent === "U+202E")'), 'an override of the direction is shown as such');
	test(await bob.value('[...document.querySelectorAll("#rows .odd")].some((odd) => odd.textContent === "U+001B")'), 'and an escape sequence');
	test(await bob.value('[...document.querySelectorAll("#rows .text.long")].every((text) => text.clientHeight < innerHeight)'), 'a text of many lines scrolls in itself');
	test(await bob.value(`(() => {
		const text = document.createElement('div');
		writeText(text, 'a\\u00ad\\u180e\\u2028\\u3164\\uffa0b');
		return text.querySelectorAll('.odd').length;
	})()`) === 5, 'hyphens, separators and fillers that nobody sees are shown, too');
	test(await bob.value('document.getElementById("rows").textContent.includes("می\u200cخواهم 👩\u200d👧")'), 'the joiners of languages and emoji stay');
	test(await bob.value('[...document.querySelectorAll("#rows a")].every((a) => a.textContent.match(HIDDEN) === null)'), 'no link has a character that nobody sees');
	for (const page of [alice, bob]) {
		test(page.dialogs.length === 0 && page.errors.length === 0, 'no dialog and no error', [page.dialogs, page.errors]);
		test((await page.value('window.violations')).length === 0, 'no report of the policy', await page.value('window.violations'));
	}
}

// A server that asks for tokens: an invitation is taken from the address, another token is asked for.
async function prove(browser) {
	const [address, token] = (await ask('start a server with tokens')).split(' ');
	const guest = await browser.open(address);
	await guest.enter('alice');
	await guest.until('!document.getElementById("token-label").hidden');
	test(/token/.test(await guest.value('document.getElementById("join-why").textContent')), 'who has no token is asked for one');
	await guest.value(`document.getElementById("token").value = ${JSON.stringify(token)}`);
	await guest.enter('alice');
	await guest.until('/^you are alice/.test(document.getElementById("state").textContent)');
	test(true, 'and comes in with it');
	const misled = await browser.open(`${address}#token=%E0%`);
	test(await misled.value('document.getElementById("join").open') && misled.errors.length === 0, 'a broken invitation breaks nothing', misled.errors);
	const invited = await browser.open(`${address}#token=${token}`);
	test(await invited.value('location.hash') === '', 'an invitation is removed from the address');
	await invited.join('alice');
	await invited.say('invited');
	await guest.sees('invited');
	test(true, 'and lets in');
}

// Who takes another name goes on in the same channel.
async function rename(browser) {
	const page = await browser.open(url.replace(/\/$/, '') + '/names');
	await page.join('before');
	await page.say('said before');
	await page.sees('said before');
	await page.value('socket.onmessage = null');
	await page.say('in doubt'); // no echo is read
	await page.value('document.getElementById("rename").click()');
	await page.enter('behind');
	await page.until('document.getElementById("state").textContent === "you are behind"');
	await page.say('said behind');
	await page.sees('said behind');
	const names = await page.value('[...document.querySelectorAll("#rows .name")].map((name) => name.textContent).join()');
	test(names === 'before,before,behind' && page.errors.length === 0, 'who takes another name goes on with it', [names, page.errors]);
	test((await page.texts()).filter((text) => text === 'in doubt').length === 1 &&
		/may or may not/.test(await page.value('document.querySelector(".row.refused .why").textContent')),
	'and does not say again what may have been heard', await page.texts());
}

// Below a path of a proxy: the page finds its channel by its own address.
async function beBehind(browser) {
	const proxy = await ask('start a proxy');
	const page = await browser.open(`http://127.0.0.1:${proxy}/below/it/team`);
	await page.join('dave');
	await page.sees('Good morning!');
	await page.say('through a proxy');
	await page.until('document.querySelector(".row.own") && document.querySelectorAll("#waiting li").length === 0');
	test(true, 'behind a proxy, below a path, it works the same');
}

// The picture of README.md: copied to tests/page.svg when the page looks otherwise (make page-picture).
async function depict(browser) {
	const page = await browser.open(url.replace(/\/$/, '') + '/team', 800, 400);
	await page.join('alice');
	await page.sees('Shall we meet at noon?');
	await page.value('[...document.querySelectorAll("#rows .row button")].pop().click()');
	await page.say('Yes, at the usual place.');
	await page.until('document.querySelector(".row.own") && document.querySelectorAll("#waiting li").length === 0');
	await page.value('document.getElementById("older").hidden = true; document.getElementById("who").click()');
	await page.drawing(path.join(directory, 'page.svg'));
	test(fs.readFileSync(path.join(directory, 'page.svg'), 'utf8').includes('>usual<'), 'the picture has what the page shows');
}

async function past(browser) {
	await ask('say many lines');
	const page = await browser.open(url);
	await page.join('carol');
	await page.until('document.querySelectorAll("#rows .row").length >= 50');
	const few = await page.value('order.length');
	await page.value('document.getElementById("log").scrollTop = 0');
	await page.until(`order.length > ${few}`);
	test(true, 'scrolling up brings older messages');
	await page.until(`(() => {
		if (!document.getElementById('older').hidden) document.getElementById('older').click();
		return document.getElementById('older').hidden && order.length >= 10000;
	})()`, 60000);
	const texts = (await page.value('order.map((message) => message.content)')).filter((text) => /^line \d+$/.test(text));
	test(texts.length === 10000 && texts.every((text, i) => text === `line ${i + 1}`), 'all of them, once, in order', texts.length);
	const seen = new Set();
	await page.value('showPart(0), document.getElementById("log").scrollTop = 0');
	for (let before = -1; seen.size !== before || !seen.has('line 10000');) { // down to the end, screen by screen
		before = seen.size;
		for (const text of await page.texts()) seen.add(text);
		await page.value('document.getElementById("log").scrollTop += 4000');
		await page.value('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
	}
	test([...Array(10000).keys()].every((i) => seen.has(`line ${i + 1}`)), 'scrolling shows every one', seen.size);
	test(await page.value('document.querySelectorAll("#rows .row").length') <= 300, 'in a few hundred rows');
	await page.value(`window.delays = []; document.getElementById('text').addEventListener('keydown', (event) => {
		requestAnimationFrame(() => setTimeout(() => window.delays.push(performance.now() - event.timeStamp)));
	})`);
	await page.value('document.getElementById("text").focus()');
	for (let i = 0; i < 60; i++) await page.key('x');
	await page.until('window.delays.length === 60');
	const delays = (await page.value('window.delays')).sort((a, b) => a - b);
	console.log(`# with 10,000 messages a keystroke is painted in ${delays[30].toFixed(1)} ms, 95 of 100 in ${delays[56].toFixed(1)} ms`);
	await page.value('document.getElementById("text").value = ""');
	await page.value('{ const search = document.getElementById("search"); search.value = "line 777"; search.oninput(); }');
	await page.until('/^11 of/.test(document.getElementById("state").textContent)');
	test(await page.value('[...document.querySelectorAll("#rows .row")].filter((row) => !row.hidden).length') === 11, 'a search leaves what has the words');
	await page.value(`{ // as long as a journal can be
		const much = Array.from({ length: 200000 }, (_, i) => ({ id: 'old' + i, sender: 'reader', content: 'x', timestamp: i, senderId: 'r' }));
		addMessages(much, true);
	}`);
	test(await page.value('order.length') > 200000, 'many at once are no trouble');
	await page.value('{ const search = document.getElementById("search"); search.value = ""; search.oninput(); }');
	await page.until('list === order');
	await page.value(`showPart(list.length), addMessages(Array.from({ length: 400 }, (_, i) => ({ id: 'file' + i, sender: 'reader', senderId: 'r',
		timestamp: Date.now(), content: 'f', file: { name: 'f', type: 'a/b', size: 3, omitted: true, data: 'A'.repeat(1 << 20) } })), false)`);
	await page.value('atEnd = true, follow(), addMessages([{ id: "end", sender: "reader", senderId: "r", timestamp: Date.now(), content: "end" }], false)');
	test(await page.value('order.length <= 301 && byId.size === order.length && to === list.length'),
		'what is above the rows is dropped when files take much memory', await page.value('[order.length, byId.size, from, to]'));
	test(page.errors.length === 0, 'without an error', page.errors);
}

// Rules of accessibility (WCAG 2.1 A and AA, and good practice), by axe-core; the policy lets only the protocol in.
async function checkAccess(page, name) {
	if (!axe) {
		console.log('# without axe-core: make deps-browser');
		return;
	}
	await page.call('Runtime.evaluate', { expression: fs.readFileSync(axe, 'utf8') });
	const found = await page.value(`axe.run(document, { resultTypes: ['violations'] }).then((results) =>
		results.violations.map((violation) => violation.id + ': ' + violation.nodes.map((node) => node.html).join(' ').slice(0, 300)))`);
	test(found.length === 0, `${name}: axe-core finds nothing`, found);
}

async function look(browser) {
	for (const [name, width, height, dark] of [['wide', 1100, 700, false], ['phone', 320, 640, false], ['dark', 1100, 700, true]]) {
		const page = await browser.open(url.replace(/\/$/, '') + '/pictures', width, height, dark);
		await page.join(`alice-${name}`);
		await page.sees('Shall we meet at noon?');
		await page.picture(path.join(directory, `${name}.png`));
		test(await page.value('document.documentElement.scrollWidth <= innerWidth'), `${name}: nothing is cut off at the side`);
		await page.value('document.getElementById("who").click()');
		await checkAccess(page, name);
	}
}

async function run() {
	const browser = new Browser(program, path.join(process.env.TMP, 'profile'), []);
	try {
		const people = await talk(browser);
		await lose(people);
		await doubt(browser);
		await files(people);
		await hostile(people);
		await ask('say what is pictured');
		await look(browser);
		await depict(browser);
		await beBehind(browser);
		await prove(browser);
		await rename(browser);
		await past(browser);
	} catch (error) {
		test(false, 'the tests end', error.stack);
	}
	browser.close();
	console.log('do: end');
}

run();
