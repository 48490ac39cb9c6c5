// Calls one function of templates/Code.gs under gas-local: `node apps_script.js FOLDER-OF-THE-SCRIPT SCENE`, where
// SCENE is JSON {call, locale, key, properties, tunnel}. Prints JSON {menu, toasts, fetched}.
//
// The stubs give what Google's services give: bytes from -128 to 127, a fetch that waits for its answer. `tunnel` is
// where requests to https://tunnel.example really go: what a tunnel or a proxy with TLS does.
'use strict';
const crypto = require('crypto');
const path = require('path');
const {execFileSync} = require('child_process');
const gas = require('gas-local');

const scene = JSON.parse(process.argv[3]);
const said = {menu: [], toasts: [], fetched: []};

const FETCH = `
  const [url, options] = JSON.parse(require('fs').readFileSync(0));
  const request = require('http').request(url, options, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part) => { text += part; }).on('end', () => {
      process.stdout.write(JSON.stringify([response.statusCode, text]));
    });
  });
  request.on('error', () => process.exit(3));
  request.end(options.payload);
`;

function fetch(url, options) {
  said.fetched.push({url, options});
  const headers = {...options.headers, 'Content-Type': options.contentType,
    'Content-Length': Buffer.byteLength(options.payload)};
  const input = JSON.stringify([url.replace('https://tunnel.example', scene.tunnel),
    {method: options.method.toUpperCase(), headers, payload: options.payload}]);
  const [code, text] = JSON.parse(execFileSync(process.execPath, ['-e', FETCH], {input, encoding: 'utf8', stdio: 'pipe'}));
  return {getResponseCode: () => code, getContentText: () => text};
}

const menu = {
  addItem(caption, name) {
    said.menu.push([caption, name]);
    return menu;
  },
  addToUi() {}
};

const globals = {
  SpreadsheetApp: {
    getUi: () => ({createMenu: (title) => { said.menu.push(title); return menu; }}),
    getActiveSpreadsheet: () => ({getId: () => scene.key, toast: (...words) => said.toasts.push(words)})
  },
  Session: {getActiveUserLocale: () => scene.locale},
  PropertiesService: {getScriptProperties: () => ({getProperty: (name) => scene.properties[name] || null})},
  UrlFetchApp: {fetch},
  Utilities: {
    Charset: {UTF_8: 'utf8'},
    getUuid: () => crypto.randomUUID(),
    computeHmacSha256Signature: (value, key, charset) =>
      Array.from(new Int8Array(crypto.createHmac('sha256', Buffer.from(key, charset)).update(value, charset).digest()))
  }
};

const script = gas.require(process.argv[2], globals, {filter: (file) => path.extname(file) === '.gs'});
script[scene.call]();
process.stdout.write(JSON.stringify(said));
