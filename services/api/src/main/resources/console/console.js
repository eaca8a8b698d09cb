"use strict";

// What the page keeps at most: older rows and tokens leave it, the log has them.
const ROWS_MAX = 500;
const TOKEN_CHARACTERS_MAX = 200_000;
const DATA_CHARACTERS_MAX = 2_000;
const RUNS_MAX = 30;
const LIST_EVERY_MS = 2_000;
const READY_EVERY_MS = 5_000;
const RECONNECT_MS = [250, 500, 1_000, 2_000, 5_000];
const TERMINAL = ["run.completed", "run.failed", "run.cancelled"];
// The key stays in this tab until it is closed: a browser never sends it on its own, as it would a cookie.
const KEY = "outrun.key";

const $ = (id) => document.getElementById(id);
let settings = { bootstrap_servers: "127.0.0.1:9092", topic_prefix: "outrun" };
let chosen = null;
let followed = null;
let listed = RUNS_MAX;

/** These headers, and the key where there is one. */
function withKey(headers) {
  const key = sessionStorage.getItem(KEY);
  return key === null ? headers : { ...headers, Authorization: `Bearer ${key}` };
}

/** Calls the API; a problem becomes an Error with its detail and code. */
async function call(method, path, body) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const response = await fetch(path, { method, headers: withKey(headers), body });
  if (!response.ok) throw await problemOf(response);
  return response.json();
}

async function problemOf(response) {
  if (response.status === 401) askForKey();
  const text = await response.text();
  try {
    const problem = JSON.parse(text);
    const error = new Error(`${problem.detail} (${problem.code})`);
    error.status = response.status;
    return error;
  } catch {
    return new Error(`HTTP ${response.status}`);
  }
}

/** Splits an event stream into its events: fed with text, calls back with each. */
class EventStreamParser {
  constructor(onEvent) {
    this.onEvent = onEvent;
    this.rest = "";
    this.clear();
  }

  clear() {
    this.id = null;
    this.type = "message";
    this.data = [];
  }

  feed(text) {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop();
    for (const line of lines) this.line(line);
  }

  line(line) {
    if (line === "") {
      if (this.data.length > 0) this.onEvent(this.id, this.type, this.data.join("\n"));
      this.clear();
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "id") this.id = value;
    else if (name === "event") this.type = value;
    else if (name === "data") this.data.push(value);
  }
}

/** Follows one run from its first event to its last, over as many connections as it takes. */
class Follower {
  constructor(run) {
    this.run = run;
    this.last = null;
    this.events = 0;
    this.connections = 0;
    this.ended = false;
    this.stopped = false;
    this.failures = 0;
    this.waiting = [];
    this.drawing = false;
  }

  stop() {
    this.stopped = true;
    this.cut();
  }

  cut() {
    this.connection?.abort();
  }

  async follow() {
    while (!this.stopped && !this.ended) {
      try {
        await this.connect();
      } catch (error) {
        if (error.status >= 400 && error.status < 500) {
          show("run-problem", error.message);
          this.say("stopped", false);
          return;
        }
      }
      if (this.stopped || this.ended) break;
      const wait = RECONNECT_MS[Math.min(this.failures++, RECONNECT_MS.length - 1)];
      this.say(`Disconnected after seq ${this.last ?? "none"}; resuming…`, true);
      await new Promise((done) => setTimeout(done, wait));
    }
    if (!this.stopped) {
      const times = this.connections - 1;
      this.say(times > 0 ? `Complete. Resumed ${times}×, nothing missed.` : "Complete.", false);
    }
  }

  async connect() {
    this.connection = new AbortController();
    const headers = withKey({ Accept: "text/event-stream" });
    if (this.last !== null) headers["Last-Event-ID"] = String(this.last);
    const path = `/v1/runs/${this.run.id}/events`;
    const response = await fetch(path, { headers, signal: this.connection.signal });
    this.connections++;
    if (response.status === 204) {
      this.ended = true;
      return;
    }
    if (!response.ok) throw await problemOf(response);
    const from = this.last === null ? "the first event" : `seq ${this.last + 1}`;
    this.say(`Live, from ${from}${this.connections > 1 ? ` (connection ${this.connections})` : ""}.`, false);
    const parser = new EventStreamParser((id, type, data) => this.take(Number(id), type, data));
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      this.failures = 0;
      parser.feed(part.value);
    }
  }

  take(seq, type, data) {
    const expected = this.last === null ? 0 : this.last + 1;
    if (seq !== expected) show("run-problem", `Seq ${seq} came where ${expected} was due.`);
    this.last = seq;
    this.events++;
    this.ended ||= TERMINAL.includes(type);
    this.waiting.push(data);
    if (!this.drawing) {
      this.drawing = true;
      requestAnimationFrame(() => this.draw());
    }
  }

  draw() {
    this.drawing = false;
    const taken = this.waiting.splice(0);
    if (this.stopped) return;
    const events = taken.map((data) => JSON.parse(data));
    drawEvents(events, taken);
    drawTokens(events);
    $("count").textContent = `${this.events}`;
    if (this.ended) refreshRun(this.run.id);
  }

  say(text, lost) {
    if (this.stopped) return;
    $("connection").textContent = text;
    $("connection").classList.toggle("lost", lost);
  }
}

function show(id, text) {
  $(id).textContent = text;
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function atEnd(box) {
  return box.scrollHeight - box.scrollTop - box.clientHeight < 40;
}

function drawEvents(events, envelopes) {
  const box = $("events-box");
  const stick = atEnd(box);
  const rows = $("events");
  for (const [i, event] of events.entries()) {
    const row = element("tr", event.type.startsWith("run.") ? "platform" : "");
    const from = envelopes[i].indexOf('"data":') + 7;
    const data = envelopes[i].slice(from, -1);
    const shown = data.length > DATA_CHARACTERS_MAX ? `${data.slice(0, DATA_CHARACTERS_MAX)}…` : data;
    for (const text of [event.seq, event.type, event.attempt, event.time.slice(11, 23), shown]) {
      row.append(element("td", "", String(text)));
    }
    rows.append(row);
  }
  while (rows.childElementCount > ROWS_MAX) rows.firstElementChild.remove();
  if (stick) box.scrollTop = box.scrollHeight;
}

/** The text in an event of a model's, in whichever of the usual shapes it comes. */
function tokenOf(event) {
  if (!/(^|\.)(token|delta)/.test(event.type)) return "";
  const data = event.data;
  if (typeof data === "string") return data;
  const text = data?.text ?? data?.token ?? data?.delta ?? data?.content;
  return typeof text === "string" ? text : "";
}

function drawTokens(events) {
  const text = events.map(tokenOf).join("");
  if (text === "") return;
  $("output-box").hidden = false;
  const box = $("tokens");
  const stick = atEnd(box);
  let node = box.firstChild;
  if (!node) {
    node = document.createTextNode("");
    box.append(node);
  }
  node.appendData(text);
  if (node.length > TOKEN_CHARACTERS_MAX) node.deleteData(0, node.length - TOKEN_CHARACTERS_MAX);
  if (stick) box.scrollTop = box.scrollHeight;
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function drawRun(run) {
  show("run-title", run.handler);
  show("run-id", run.id);
  show("run-status", run.status);
  $("run-status").className = `status ${run.status}`;
  const over = run.finished_at !== null;
  $("cancel").disabled = over;
  $("cut").disabled = over;
  const events = `${location.origin}/v1/runs/${run.id}/events`;
  const topic = `${settings.topic_prefix}.run.${run.tenant}.${run.id}`;
  const key = sessionStorage.getItem(KEY) === null ? "" : ' -H "Authorization: Bearer $OUTRUN_API_KEY"';
  show("curl", `curl -N${key} -H 'Accept: text/event-stream' ${quoted(events)}`);
  show("kcat", run.topic_deleted_at
    ? `# its topic was deleted at ${run.topic_deleted_at}`
    : `kcat -C -b ${quoted(settings.bootstrap_servers)} -t ${quoted(topic)} -o beginning -f '%o %s\\n'`);
}

async function choose(id) {
  if (chosen === id) return;
  chosen = id;
  followed?.stop();
  followed = null;
  for (const part of ["run-problem", "connection", "count"]) show(part, "");
  $("events").replaceChildren();
  $("tokens").replaceChildren();
  $("output-box").hidden = true;
  location.hash = id;
  try {
    const run = await call("GET", `/v1/runs/${encodeURIComponent(id)}`);
    if (chosen !== id) return;
    $("no-run").hidden = true;
    $("chosen").hidden = false;
    drawRun(run);
    followed = new Follower(run);
    followed.follow();
  } catch (error) {
    if (chosen !== id) return;
    $("no-run").hidden = true;
    $("chosen").hidden = false;
    for (const part of ["run-title", "run-status", "curl", "kcat"]) show(part, "");
    show("run-id", id);
    show("run-problem", error.message);
  }
  markChosen();
}

async function refreshRun(id) {
  try {
    const run = await call("GET", `/v1/runs/${id}`);
    if (followed?.run.id === id) drawRun(run);
  } catch {
    // The next look tells.
  }
  refreshList();
}

function markChosen() {
  for (const button of $("runs").querySelectorAll("button")) {
    button.setAttribute("aria-current", String(button.dataset.run === followed?.run.id));
  }
}

async function refreshList() {
  const status = $("status-filter").value;
  const filter = status === "" ? "" : `&status=${status}`;
  try {
    const page = await call("GET", `/v1/runs?limit=${listed}${filter}`);
    if (status !== $("status-filter").value) return;
    drawList(page.runs);
    $("older").hidden = page.next === null || listed >= 500;
    show("runs-note", page.runs.length === 0 ? "None yet." : "");
  } catch (error) {
    show("runs-note", error.message);
  }
}

function drawList(runs) {
  const list = $("runs");
  const known = new Map([...list.children].map((item) => [item.dataset.run, item]));
  const items = runs.map((run) => {
    const item = known.get(run.id) ?? listItem(run);
    const status = item.querySelector(".status");
    status.textContent = run.status;
    status.className = `status ${run.status}`;
    item.querySelector(".when").textContent =
      `${run.created_at.slice(0, 19).replace("T", " ")} · ${run.next_seq} events`;
    if (followed?.run.id === run.id) drawRun(run);
    return item;
  });
  const same = items.length === list.childElementCount && items.every((item, i) => item === list.children[i]);
  if (!same) list.replaceChildren(...items);
  markChosen();
}

function listItem(run) {
  const item = element("li");
  item.dataset.run = run.id;
  const button = element("button");
  button.type = "button";
  button.dataset.run = run.id;
  button.append(element("span", "", run.handler), element("span", "status"), element("span", "when"));
  button.addEventListener("click", () => choose(run.id));
  item.append(button);
  return item;
}

async function refreshReady() {
  let text = "not reachable";
  let ready = false;
  try {
    const report = await (await fetch("/readyz")).json();
    ready = report.ready;
    const bad = report.parts.filter((part) => !part.ready).map((part) => `${part.name}: ${part.reason}`);
    text = ready ? "ready" : bad.join("; ");
  } catch {
    // Said above.
  }
  show("ready", text);
  $("ready").className = `ready ${ready ? "yes" : "no"}`;
}

async function start(submitted) {
  submitted.preventDefault();
  show("start-problem", "");
  const input = $("input").value.trim();
  try {
    if (input !== "") JSON.parse(input);
  } catch (error) {
    show("start-problem", `The input is not JSON: ${error.message}`);
    return;
  }
  try {
    const handler = JSON.stringify($("handler").value.trim());
    // The input's own text: what was typed is what the run gets.
    const body = `{"handler":${handler}${input === "" ? "" : `,"input":${input}`}}`;
    const run = await call("POST", "/v1/runs", body);
    choose(run.id);
    refreshList();
  } catch (error) {
    show("start-problem", error.message);
  }
}

async function cancel() {
  const id = followed?.run.id;
  if (!id) return;
  try {
    await call("POST", `/v1/runs/${id}/cancel`, "{}");
    refreshRun(id);
  } catch (error) {
    show("run-problem", error.message);
  }
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText($(button.dataset.copies).textContent);
    show("copied", "Copied.");
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren($(button.dataset.copies));
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 1_500);
}

function askForKey() {
  const tried = sessionStorage.getItem(KEY) !== null;
  sessionStorage.removeItem(KEY);
  $("sign-out").hidden = true;
  if ($("sign-in").open) return;
  if (tried) show("sign-in-problem", "That key is not, or no longer, good.");
  $("sign-in").showModal();
}

function signIn(submitted) {
  submitted.preventDefault();
  sessionStorage.setItem(KEY, $("key").value.trim());
  $("key").value = "";
  show("sign-in-problem", "");
  $("sign-in").close();
  begin();
}

function signOut() {
  sessionStorage.removeItem(KEY);
  location.reload();
}

function every(millis, task) {
  setInterval(() => document.visibilityState === "visible" && !$("sign-in").open && task(), millis);
}

$("start").addEventListener("submit", start);
$("sign-in-form").addEventListener("submit", signIn);
$("sign-in").addEventListener("cancel", (escape) => escape.preventDefault());
$("sign-out").addEventListener("click", signOut);
$("cancel").addEventListener("click", cancel);
$("cut").addEventListener("click", () => followed?.cut());
$("status-filter").addEventListener("change", refreshList);
$("older").addEventListener("click", () => {
  listed = Math.min(listed + RUNS_MAX, 500);
  refreshList();
});
for (const button of document.querySelectorAll("[data-copies]")) {
  button.addEventListener("click", () => copy(button));
}
addEventListener("hashchange", () => location.hash.length > 1 && choose(location.hash.slice(1)));

async function begin() {
  $("sign-out").hidden = sessionStorage.getItem(KEY) === null;
  refreshReady();
  try {
    settings = await call("GET", "/console.json");
  } catch (error) {
    if (error.status === 401) return; // asked for a key: signing in begins again
    // The lines for the shell then show the defaults.
  }
  refreshList();
  if (location.hash.length > 1) {
    chosen = null;
    choose(location.hash.slice(1));
  }
}

every(LIST_EVERY_MS, refreshList);
every(READY_EVERY_MS, refreshReady);
begin();
