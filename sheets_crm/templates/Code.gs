/**
 * The menu "Sales audit" of a spreadsheet kept by sheets-crm: asks `sheets-crm serve` to run, and shows what it says.
 *
 * Two script properties (Project Settings, Script Properties) have to be set:
 *   SHEETS_CRM_URL     where `serve` is reached, https://.../run
 *   SHEETS_CRM_SECRET  what `sheets-crm serve --secret new` printed
 */

var WORDS = {
  en: {
    menu: 'Sales audit',
    audit: 'Run audit',
    week: 'Run the week',
    running: 'Running… this may take a minute.',
    unset: 'Set {name} first: Extensions, Apps Script, Project Settings, Script Properties.',
    insecure: 'SHEETS_CRM_URL has to begin with https:// and end with /run.',
    unreachable: 'sheets-crm did not answer. If it is running, the audit may still be going on: look again in a few ' +
      'minutes. Otherwise start it: sheets-crm serve',
    stranger: 'What answers at SHEETS_CRM_URL (code {code}) is not sheets-crm: start it, or correct the address.'
  },
  ru: {
    menu: 'Аудит продаж',
    audit: 'Запустить аудит',
    week: 'Подвести неделю',
    running: 'Запущено… может занять минуту.',
    unset: 'Сначала задайте {name}: Расширения, Apps Script, Настройки проекта, Свойства скрипта.',
    insecure: 'SHEETS_CRM_URL должен начинаться с https:// и кончаться на /run.',
    unreachable: 'sheets-crm не отвечает. Если программа запущена, аудит, возможно, ещё идёт: загляните через ' +
      'несколько минут. Если нет, запустите её: sheets-crm serve',
    stranger: 'По адресу SHEETS_CRM_URL отвечает (код {code}) не sheets-crm: запустите программу или исправьте адрес.'
  }
};

/** Google calls this when the spreadsheet is opened. */
function onOpen() {
  var words = WORDS[language_()];
  SpreadsheetApp.getUi().createMenu(words.menu)
    .addItem(words.audit, 'runAudit')
    .addItem(words.week, 'runWeek')
    .addToUi();
}

/** The findings: the column To fix, the colours, the sheet Audit. */
function runAudit() {
  run_('audit');
}

/** All reports. */
function runWeek() {
  run_('week');
}

function run_(task) {
  var spreadsheet = SpreadsheetApp.getActiveSpreadsheet();
  var words = WORDS[language_()];
  spreadsheet.toast(words.running, words.menu, 60);
  spreadsheet.toast(answer_(spreadsheet.getId(), task, words), words.menu, 30);
}

/** What `serve` says, or why it says nothing; never an error. */
function answer_(key, task, words) {
  var properties = PropertiesService.getScriptProperties();
  var url = properties.getProperty('SHEETS_CRM_URL');
  var secret = properties.getProperty('SHEETS_CRM_SECRET');
  if (!url || !secret) {
    return words.unset.replace('{name}', url ? 'SHEETS_CRM_SECRET' : 'SHEETS_CRM_URL');
  }
  if (!/^https:\/\/\S+\/run$/.test(url.trim())) {
    return words.insecure;
  }
  var body = JSON.stringify({spreadsheet: key, task: task});
  var response;
  try {
    response = UrlFetchApp.fetch(url.trim(), {
      method: 'post',
      contentType: 'application/json',
      payload: body,
      headers: headers_(secret.trim(), body),
      followRedirects: false,
      muteHttpExceptions: true
    });
  } catch (error) {
    return words.unreachable;
  }
  try {
    var message = JSON.parse(response.getContentText()).message;
    if (typeof message === 'string' && message) {
      return message;
    }
  } catch (error) {
    // A page of a proxy or a tunnel: told below.
  }
  return words.stranger.replace('{code}', response.getResponseCode());
}

/** The time, a number used once, and the signature over both and the body. */
function headers_(secret, body) {
  var time = String(Math.floor(Date.now() / 1000));
  var nonce = Utilities.getUuid();
  var signed = Utilities.computeHmacSha256Signature(
    time + '\n' + nonce + '\n' + body, secret, Utilities.Charset.UTF_8);
  return {
    'X-Sheets-Crm-Time': time,
    'X-Sheets-Crm-Nonce': nonce,
    'X-Sheets-Crm-Signature': hexadecimal_(signed),
    'Accept-Language': language_()
  };
}

/** Google gives bytes from -128 to 127. */
function hexadecimal_(bytes) {
  return bytes.map(function (byte) {
    return ('0' + (byte & 255).toString(16)).slice(-2);
  }).join('');
}

/** The language of who is looking. */
function language_() {
  return /^ru/i.test(Session.getActiveUserLocale() || '') ? 'ru' : 'en';
}
