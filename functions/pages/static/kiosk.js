"use strict";
/* A survey on a terminal that many people pass: one press is an answer, and the page is then ready for the next person.
 *
 * An answer is kept on the device first, under an id of its own and with the device's time, and leaves from there:
 * whatever happens to page, power or network, it goes again until the server has said that it has it, and counts once.
 * kiosk_worker.js brings this page when there is no network.
 */
(() => {
  const SECOND = 1000;
  const SETTLED = 0.6 * SECOND; // two quick presses of one finger are one: what has just appeared takes none
  const NOBODY_THERE = 20 * SECOND; // after which an unfinished answer is left as it is
  const HELD = 3 * SECOND;
  const PACE = 1 * SECOND; // between two answers that waited: a day's worth must not look like a flood
  const PATIENCE = 20 * SECOND;
  const LONGEST_WAIT = 300 * SECOND;
  const KEPT_BACK = 600 * SECOND; // until answers that were refused for their key are tried again
  const LOOKS_FOR_NEWER = 900 * SECOND;
  const WORTH_SENDING = 7 * 86400 * SECOND; // the server takes no older answer
  const MOST_WAITING = 10000; // answers; beyond it the oldest is given up for the newest

  const data = JSON.parse(document.getElementById("survey").textContent);
  const page = document.documentElement;
  const stage = document.getElementById("stage");
  const place = new URLSearchParams(location.search).get("place");

  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const button = (attributes, pressed, ...children) => {
    const made = element("button", { type: "button", ...attributes }, ...children);
    made.addEventListener("click", pressed);
    return made;
  };
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  // Random UUID, version 4; crypto.randomUUID is missing without https.
  const newId = () =>
    "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
      (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16),
    );

  // ---- The outbox: answers that we do not know to have arrived, by the time they were given ----

  const opened = new Promise((resolve, reject) => {
    const request = indexedDB.open("hearback-kiosk", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("answers", { keyPath: "at" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  // "strict": it is on the disk when it is done, so that it outlives a power cut.
  const within = async (mode, work) => {
    const transaction = (await opened).transaction("answers", mode, { durability: "strict" });
    return new Promise((resolve, reject) => {
      const request = work(transaction.objectStore("answers"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  };

  const memory = new Map(); // what a browser will not store waits as long as the page does

  const outbox = {
    put: (entry) =>
      within("readwrite", (answers) => {
        answers.put(entry);
        const counted = answers.count();
        counted.onsuccess = () => {
          if (counted.result <= MOST_WAITING) return;
          const oldest = answers.openCursor();
          oldest.onsuccess = () => oldest.result.delete();
        };
        return counted;
      }).catch(() => memory.set(entry.at, entry)),
    after: async (at) => {
      const stored = within("readonly", (answers) => answers.get(IDBKeyRange.lowerBound(at, true)));
      const inMemory = [...memory.values()].filter((entry) => entry.at > at);
      const waiting = [await stored.catch(() => undefined), ...inMemory].filter(Boolean);
      return waiting.reduce((first, entry) => (first && first.at < entry.at ? first : entry), undefined);
    },
    // A later press may have put a higher revision in its place: that one stays.
    drop: async (entry) => {
      if (memory.get(entry.at)?.body === entry.body) memory.delete(entry.at);
      await within("readwrite", (answers) => {
        const kept = answers.get(entry.at);
        kept.onsuccess = () => kept.result?.body === entry.body && answers.delete(entry.at);
        return kept;
      }).catch(() => undefined);
    },
    size: async () => memory.size + (await within("readonly", (answers) => answers.count()).catch(() => 0)),
  };

  const entryOf = (answer) => {
    const at = `${answer.answered_at} ${answer.response_id}`;
    return { at, survey: data.survey, to: data.to, body: JSON.stringify(answer) };
  };

  // ---- Sending ----

  const DONE = { done: true };
  let trouble = ""; // the status with which answers are refused, for staff

  const post = async (entry, body = entry.body) => {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), PATIENCE);
    // Of this survey by the key of today, of another one by the key it was asked with.
    const to = entry.survey === data.survey ? data.to : entry.to;
    try {
      const request = { method: "POST", body, headers: { "content-type": "text/plain" } };
      const answer = await fetch(to, { ...request, signal: giveUp.signal, credentials: "omit" });
      const problem = answer.status === 422 ? await answer.json().catch(() => ({})) : {};
      return { status: answer.status, wait: Number(answer.headers.get("retry-after")), errors: problem.errors ?? {} };
    } catch {
      return { status: 0 };
    } finally {
      clearTimeout(timer);
    }
  };

  // What the server finds wrong is left out and the rest goes; null if nothing would be left, or nothing was named.
  const without = (errors, body) => {
    const { answered_at: at, properties, ...answer } = JSON.parse(body);
    const wrong = Object.keys(errors).map((path) => path.split("."));
    const named = new Set(wrong.map(([field]) => field));
    for (const [field, id] of wrong) if (field === "answers") delete answer.answers[id];
    // By this device's clock it is fresh, so the clock is wrong: the time is lost and the answer is not.
    if (!named.has("answered_at")) answer.answered_at = at;
    else if (!(Date.now() - Date.parse(at) < WORTH_SENDING)) return null;
    if (!named.has("properties")) answer.properties = properties;
    const known = [...named].every((field) => ["answers", "answered_at", "properties"].includes(field));
    return wrong.length && known && Object.keys(answer.answers).length ? JSON.stringify(answer) : null;
  };

  // It stays as it was kept until the server has it: a later press may put a higher revision in its place meanwhile.
  const send = async (entry, body = entry.body) => {
    const { status, wait, errors } = await post(entry, body);
    if (status === 0 || status === 408 || status === 429 || status >= 500) return { wait: wait * SECOND || 0 };
    trouble = status < 400 ? "" : `${status}`;
    if ([401, 403, 404].includes(status)) return { refused: true };
    const rest = status === 422 ? without(errors, body) : null;
    if (rest) return send(entry, rest);
    if (status >= 400) console.error(`hearback: an answer to survey "${entry.survey}" was refused (${status})`);
    await outbox.drop(entry);
    return DONE;
  };

  let sending = false;
  let more = false;
  let timer;
  let tries = 0;
  let notBefore = 0;

  const backOff = () => Math.min(LONGEST_WAIT, 2 ** tries++ * (0.5 + Math.random()) * SECOND);

  // One after the other, the oldest first; how long to wait before the next round, or 0 if nothing is left to send.
  const sendWaiting = async () => {
    const refused = new Set(); // surveys whose key is not taken: their answers wait, the others go
    let sent = 0;
    for (let entry, at = ""; (entry = await outbox.after(at)); at = entry.at) {
      if (refused.has(entry.survey)) continue;
      if (sent++) await pause(PACE);
      const outcome = await send(entry);
      if (outcome.refused) refused.add(entry.survey);
      else if (!outcome.done) return Math.max(outcome.wait, backOff());
      else tries = 0;
    }
    return refused.size ? KEPT_BACK : 0;
  };

  const sendAll = async () => {
    more = true;
    if (data.test || sending || Date.now() < notBefore) return;
    sending = true;
    clearTimeout(timer);
    let wait = 0;
    while (more && !wait) {
      more = false;
      wait = await sendWaiting();
    }
    sending = false;
    notBefore = Date.now() + wait;
    if (wait) timer = setTimeout(sendNow, wait);
  };
  const sendNow = () => {
    notBefore = 0;
    sendAll();
  };
  addEventListener("online", sendNow);

  // ---- What is shown ----

  const CIRCLES = [["face", 50, 50, 46], ["eye", 34, 40, 6], ["eye", 66, 40, 6]];

  // Drawn, because a terminal may have no font with smileys. Their mood goes from 0, the worst, to 1.
  const face = (mood) => {
    const drawn = (tag, attributes) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      return made;
    };
    const smile = (mood - 0.5) * 36;
    const kind = `mood-${Math.round(mood * 4)}`;
    const svg = drawn("svg", { viewBox: "0 0 100 100", "aria-hidden": "true", class: kind });
    for (const [part, cx, cy, r] of CIRCLES) svg.append(drawn("circle", { class: part, cx, cy, r }));
    svg.append(drawn("path", { class: "mouth", d: `M28 ${66 - smile / 2}Q50 ${66 + smile} 72 ${66 - smile / 2}` }));
    return svg;
  };

  let locale = data.locale;
  let answer = null; // the answer that is being given
  let band; // what its first rating says
  let asked = []; // the questions it was asked
  let takesFrom = 0; // presses before this moment are of a screen that has gone
  let idle;

  const words = () => data.words[locale];
  const texts = () => words().texts;

  const show = (heading, ...parts) => {
    Object.assign(page, { lang: locale, dir: words().dir });
    const title = element("h1", { id: "heading", tabindex: -1 }, heading);
    const first = !stage.hasChildNodes();
    stage.replaceChildren(title, ...parts);
    scrollTo(0, 0);
    if (!first) title.focus({ preventScroll: true }); // so that a screen reader says what is there now
    takesFrom = performance.now() + (first ? 0 : SETTLED);
    clearTimeout(idle);
  };

  const pressed = (action) => () => {
    if (performance.now() < takesFrom) return;
    action();
  };

  const options = (question) => {
    const last = question.options.length - 1;
    const shown = question.options.map((option, step) => {
      const smileys = question.look === "smileys";
      const parts = smileys ? [face(step / last), element("span", {}, option.text)] : [option.text];
      return button({}, pressed(() => give(question, option)), ...parts);
    });
    const named = { role: "group", class: `options ${question.look}`, "aria-labelledby": "heading" };
    const group = element("div", named, ...shown);
    if (!question.low_text) return [group];
    const ends = [question.low_text, question.high_text].map((text) => element("span", {}, text));
    return [group, element("p", { class: "ends" }, ...ends)];
  };

  const begin = () => {
    locale = data.locale;
    answer = null;
    ask(words().questions[0], ...languages());
  };

  const ask = (question, ...below) => show(question.text, ...options(question), ...below);

  const languages = () => {
    const others = Object.keys(data.words);
    if (others.length < 2) return [];
    const named = (code) => new Intl.DisplayNames([code], { type: "language" }).of(code);
    const choices = others.map((code) => {
      const how = { lang: code, dir: data.words[code].dir, "aria-pressed": code === locale };
      return button(how, pressed(() => speak(code)), named(code));
    });
    return [element("div", { role: "group", class: "languages", "aria-label": texts().languages }, ...choices)];
  };

  const speak = (code) => {
    locale = code;
    ask(words().questions[0], ...languages());
    idle = setTimeout(begin, NOBODY_THERE);
  };

  const give = (question, option) => {
    if (!answer) {
      const properties = place ? { properties: { place: place.slice(0, 64) } } : {};
      const now = new Date().toISOString();
      answer = { response_id: newId(), revision: 0, source: "kiosk", answered_at: now, locale, answers: {} };
      Object.assign(answer, properties);
      band = option.band;
      asked = [];
      if (data.test) answer.test = true;
    }
    // Every revision is the complete answer: what was given before stands in it again.
    answer = { ...answer, revision: answer.revision + 1, answers: { ...answer.answers, [question.id]: option.value } };
    const entry = entryOf(answer);
    if (data.test) post(entry); // a preview keeps nothing
    else outbox.put(entry).then(sendAll);
    goOn(question);
    watch();
  };

  const goOn = (question) => {
    asked.push(question.id);
    const fits = ({ id, bands }) => !asked.includes(id) && (!bands.length || bands.includes(band));
    const next = words().questions.slice(1).find(fits);
    if (!next) return thank();
    ask(next, button({ class: "quiet" }, pressed(() => goOn(next)), texts().skip));
    idle = setTimeout(begin, NOBODY_THERE);
  };

  // Nothing here can be pressed, so nothing counts until it has gone.
  const thank = () => {
    show(words().thanks);
    idle = setTimeout(begin, data.cool_down * SECOND);
  };

  // ---- The screen: full and awake, as far as the browser lets a page ----

  let isClosed = false;
  let lock = null;

  const watch = () => {
    if (data.test) return; // a preview stays in its frame
    if (!document.fullscreenElement) page.requestFullscreen?.({ navigationUI: "hide" })?.catch(() => undefined);
    if (!lock) wake();
  };
  const wake = async () => {
    lock = await navigator.wakeLock?.request("screen").catch(() => null);
    lock?.addEventListener("release", () => (lock = null));
  };
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && !isClosed && wake());
  addEventListener("contextmenu", (event) => event.preventDefault());

  // ---- Staff: a corner that is held, a PIN, and what they want to know ----

  const dialog = document.getElementById("staff");
  const corner = document.getElementById("corner");

  const hexadecimal = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const fits = async (pin) => {
    const { salt, rounds, hash } = data.exit;
    const bytes = Uint8Array.from(salt.match(/../g), (pair) => parseInt(pair, 16));
    const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
    const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes, iterations: rounds };
    return hexadecimal(await crypto.subtle.deriveBits(how, key, 256)) === hash;
  };

  let wrong = 0;
  const askPin = () => {
    const typed = { type: "password", inputmode: "none", autocomplete: "off", maxlength: 8 };
    const input = element("input", { id: "pin", ...typed });
    const said = element("p", { role: "alert" });
    const open = element("button", { type: "submit" }, texts().unlock);
    const type = (digit) => () => (input.value = (input.value + digit).slice(0, 8));
    const digits = [..."1234567890"].map((digit) => button({}, type(digit), digit));
    const erase = button({ "aria-label": texts().erase_digit }, () => (input.value = input.value.slice(0, -1)), "←");
    const pad = element("div", { class: "pad", dir: "ltr" }, ...digits.slice(0, 9), erase, digits[9], open);
    const form = element("form", {}, element("label", { for: "pin" }, texts().pin), input, said, pad);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const pin = input.value;
      open.disabled = true;
      input.value = said.textContent = "";
      if (await fits(pin)) {
        wrong = 0;
        return tell();
      }
      said.textContent = texts().wrong_pin;
      await pause(Math.min(LONGEST_WAIT, 2 ** wrong++ * SECOND)); // slower with each guess
      open.disabled = false;
    });
    inDialog(texts().staff, form, button({ class: "quiet" }, back, texts().back));
    input.focus();
  };

  const tell = async () => {
    const facts = [element("p", { class: "fact" }, `${texts().waiting} ${await outbox.size()}`)];
    if (trouble) facts.push(element("p", { class: "fact" }, `${texts().refused} ${trouble}`));
    inDialog(texts().staff, ...facts, button({}, leave, texts().leave), button({ class: "quiet" }, back, texts().back));
    sendNow();
  };

  let leftAlone;
  const inDialog = (heading, ...parts) => {
    dialog.replaceChildren(element("h2", { id: "staff-heading" }, heading), ...parts);
    if (!dialog.open) dialog.showModal();
    clearTimeout(leftAlone);
    leftAlone = setTimeout(back, 3 * NOBODY_THERE);
  };
  const back = () => {
    clearTimeout(leftAlone);
    dialog.close();
    if (!isClosed) begin();
  };

  const leave = () => {
    isClosed = true;
    back();
    clearTimeout(idle);
    lock?.release();
    if (document.fullscreenElement) document.exitFullscreen();
    show(texts().closed, button({ class: "quiet" }, start, texts().start));
  };
  const start = () => {
    isClosed = false;
    watch();
    begin();
  };

  if (data.exit && corner) {
    let holding;
    const hold = (event) => {
      if (event.type === "keydown" && (event.repeat || !["Enter", " "].includes(event.key))) return;
      clearTimeout(holding);
      holding = setTimeout(askPin, HELD);
    };
    const release = () => clearTimeout(holding);
    for (const name of ["pointerdown", "keydown"]) corner.addEventListener(name, hold);
    const ends = ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"];
    for (const name of ends) corner.addEventListener(name, release);
  }

  // ---- Without a network, and for weeks ----

  const PAGES = "hearback-kiosk";
  const edition = page.dataset.edition;

  const stayWithoutNetwork = async () => {
    if (data.test || !navigator.serviceWorker) return;
    navigator.storage?.persist?.();
    await navigator.serviceWorker.register("sw.js");
    // The worker keeps each page it brings; one that was here before it, or that could not be kept then, is kept now.
    const pages = await caches.open(PAGES);
    if (!(await pages.match(location.href, { ignoreSearch: true }))) await pages.add(location.href);
  };

  // A new version of the survey comes to a terminal that nobody has touched since it last asked.
  const lookForNewer = async () => {
    const found = await fetch(location.href, { credentials: "omit" }).catch(() => null);
    if (!found?.ok || (await found.text()).includes(`data-edition="${edition}"`)) return;
    if (!answer && !isClosed && !dialog.open && locale === data.locale) location.reload();
  };

  begin();
  wake();
  sendAll();
  const stay = () =>
    stayWithoutNetwork().catch(({ message }) => console.error(`hearback: no page without a network: ${message}`));
  stay();
  if (!data.test) setInterval(() => (stay(), lookForNewer()), LOOKS_FOR_NEWER);
})();
