// Drives headless Chromium by the DevTools protocol over a pipe, for the tests of the page of chat-serve.
'use strict';

const { spawn } = require('child_process');
const fs = require('fs');
const path = require('path');

// Runs in each page before its own script: notes what may never happen, and the types of its blobs.
const WATCH = `
	window.violations = [];
	window.blobTypes = [];
	const createObjectURL = URL.createObjectURL;
	URL.createObjectURL = (blob) => {
		window.blobTypes.push(blob.type);
		return createObjectURL(blob);
	};
	document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective));
`;

// Runs in a page: its boxes and words as SVG.
function draw() {
	const shapes = [];
	const escaped = (text) => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
	const round = (number) => Math.round(number * 10) / 10;
	const write = (text, rect, style) => shapes.push(`<text x="${round(rect.left)}" y="${round(rect.bottom - rect.height * 0.24)}" ` +
		`font-size="${parseFloat(style.fontSize)}" font-weight="${style.fontWeight}" fill="${style.color}">${escaped(text)}</text>`);
	for (const element of document.body.querySelectorAll('*')) {
		const rect = element.getBoundingClientRect(), style = getComputedStyle(element);
		if (!rect.width || style.visibility === 'hidden' || style.opacity === '0' || /SCRIPT|STYLE/.test(element.tagName)) continue;
		const line = parseFloat(style.borderTopWidth) && style.borderTopStyle !== 'none' ? style.borderTopColor : 'none';
		if (style.backgroundColor !== 'rgba(0, 0, 0, 0)' || line !== 'none')
			shapes.push(`<rect x="${round(rect.left)}" y="${round(rect.top)}" width="${round(rect.width)}" height="${round(rect.height)}" ` +
				`rx="${parseFloat(style.borderTopLeftRadius) || 0}" fill="${style.backgroundColor}" stroke="${line}"/>`);
		if (element.placeholder && !element.value) write(element.placeholder, { left: rect.left + 9, bottom: rect.bottom - 7, height: 20 }, style);
		for (const node of element.childNodes) {
			if (node.nodeType !== Node.TEXT_NODE) continue;
			for (const word of node.data.matchAll(/\S+/g)) {
				const range = document.createRange();
				range.setStart(node, word.index);
				range.setEnd(node, word.index + word[0].length);
				write(word[0], range.getBoundingClientRect(), style);
			}
		}
	}
	return `<svg xmlns="http://www.w3.org/2000/svg" width="${innerWidth}" height="${innerHeight}" ` +
		`font-family="system-ui, sans-serif"><rect width="100%" height="100%" fill="${getComputedStyle(document.body).backgroundColor}"/>\n` +
		`${shapes.join('\n')}\n</svg>\n`;
}

class Browser {
	constructor(program, profile, options) {
		this.process = spawn(program, ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
			'--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
			'--remote-debugging-pipe', `--user-data-dir=${profile}`, ...options, 'about:blank'],
		{ stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, TMPDIR: path.dirname(profile) } });
		this.calls = new Map();
		this.number = 0;
		this.pages = new Map(); // by session
		let rest = '';
		this.process.stdio[4].on('data', (bytes) => {
			const parts = (rest + bytes).split('\0');
			rest = parts.pop();
			for (const part of parts) this.take(JSON.parse(part));
		});
	}

	take(message) {
		if (message.id) {
			const call = this.calls.get(message.id);
			this.calls.delete(message.id);
			if (message.error) call.reject(new Error(`${call.method}: ${message.error.message}`));
			else call.resolve(message.result);
			return;
		}
		const page = this.pages.get(message.sessionId);
		if (page && message.method === 'Page.javascriptDialogOpening') {
			page.dialogs.push(message.params.message);
			this.call('Page.handleJavaScriptDialog', { accept: false }, message.sessionId);
		}
		if (page && message.method === 'Runtime.exceptionThrown')
			page.errors.push(message.params.exceptionDetails.exception?.description || message.params.exceptionDetails.text);
	}

	call(method, params = {}, sessionId = undefined) {
		const id = ++this.number;
		this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + '\0');
		return new Promise((resolve, reject) => this.calls.set(id, { method, resolve, reject }));
	}

	// A page of a person of their own: nothing is shared with other pages.
	async open(url, width = 1000, height = 700, dark = false) {
		const { browserContextId } = await this.call('Target.createBrowserContext');
		const { targetId } = await this.call('Target.createTarget', { url: 'about:blank', browserContextId, width, height });
		const { sessionId } = await this.call('Target.attachToTarget', { targetId, flatten: true });
		const page = new Page(this, sessionId);
		this.pages.set(sessionId, page);
		await page.call('Page.enable');
		await page.call('Runtime.enable');
		await page.call('Page.addScriptToEvaluateOnNewDocument', { source: WATCH });
		await page.call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 500 });
		await page.call('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] });
		await page.go(url);
		return page;
	}

	close() {
		this.process.kill();
	}
}

class Page {
	constructor(browser, sessionId) {
		Object.assign(this, { browser, sessionId, dialogs: [], errors: [] });
	}

	call(method, params) {
		return this.browser.call(method, params, this.sessionId);
	}

	async go(url) {
		await this.call('Page.navigate', { url });
		await this.until('document.readyState === "complete"');
	}

	async value(expression) {
		const { result, exceptionDetails } = await this.call('Runtime.evaluate',
			{ expression, awaitPromise: true, returnByValue: true });
		if (exceptionDetails) throw new Error(exceptionDetails.exception?.description || exceptionDetails.text);
		return result.value;
	}

	// Waits until an expression is true; it may not be for a page that is being loaded.
	async until(expression, limitMs = 20000) {
		for (const end = Date.now() + limitMs; Date.now() < end;) {
			if (await this.value(expression).catch(() => false)) return true;
			await this.value('new Promise((resolve) => setTimeout(resolve, 20))').catch(() => {});
		}
		throw new Error(`never true: ${expression}; ${await this.value('document.getElementById("state").textContent').catch(String)}`);
	}

	async key(key, modifiers = 0) {
		const codes = { Enter: 13, Escape: 27 };
		const event = { key, code: key, modifiers, windowsVirtualKeyCode: codes[key] || key.charCodeAt(0),
			...(key === 'Enter' ? { text: '\r' } : key.length === 1 ? { text: key } : {}) };
		await this.call('Input.dispatchKeyEvent', { type: 'keyDown', ...event });
		await this.call('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
	}

	async enter(name) {
		await this.until('document.getElementById("join").open');
		await this.value(`document.getElementById("name").value = ${JSON.stringify(name)}`);
		await this.value('document.getElementById("join-form").requestSubmit()');
	}

	async join(name) {
		await this.enter(name);
		await this.until('/^you are/.test(document.getElementById("state").textContent)');
	}

	async say(text) {
		await this.value('document.getElementById("text").focus()');
		await this.call('Input.insertText', { text });
		await this.key('Enter');
	}

	texts() {
		return this.value('[...document.querySelectorAll("#rows .text")].map((text) => text.textContent)');
	}

	sees(text, limitMs) {
		return this.until(`[...document.querySelectorAll("#rows .text")].some((row) => row.textContent === ${JSON.stringify(text)})`,
			limitMs);
	}

	async drawing(file) {
		fs.writeFileSync(file, await this.value(`(${draw})()`));
	}

	async picture(file) {
		const { data } = await this.call('Page.captureScreenshot', { format: 'png' });
		fs.writeFileSync(file, Buffer.from(data, 'base64'));
	}
}

module.exports = { Browser };
