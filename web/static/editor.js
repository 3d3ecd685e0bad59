// The SPARQL editor, loaded when it is asked for: YASGUI over the form that is there without it. It speaks with this
// server only. Rows and errors are drawn here, as text: YASGUI's own table writes the names of variables as HTML.
const french = document.documentElement.lang === "fr";
const words = (en, fr) => (french ? fr : en);
const place = document.getElementById("editor");
const PAGE = 200;

function made(name, attributes = {}, ...inside) {
  const found = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
  found.append(...inside);
  return found;
}

function loaded(element) {
  return new Promise((good, bad) => {
    element.addEventListener("load", good);
    element.addEventListener("error", () => bad(new Error(element.src || element.href)));
    document.head.append(element);
  });
}

// ---- what is drawn -------------------------------------------------------------------------------------

let base = "";
let pages = {};
let prefixes = {};

function short(iri) {
  for (const [name, start] of Object.entries(prefixes)) {
    if (start && iri.startsWith(start) && /^[\w.-]*$/.test(iri.slice(start.length))) return `${name}:${iri.slice(start.length)}`;
  }
  return iri;
}

function address(iri) {
  if (!iri.startsWith(base)) return /^https?:\/\/[^\s<>"]+$/.test(iri) ? iri : null;
  const path = iri.slice(base.length), [head, ...rest] = path.split("/");
  if (!rest.length || !pages.includes(head)) return null;
  return "/" + [head === "place" ? "nationality" : head, ...rest].map(encodeURIComponent).join("/");
}

function shown(term) {
  if (term === undefined) return "";
  if (term.type !== "uri") {
    const note = term["xml:lang"] || term.lang;
    return note ? made("span", { lang: note, dir: "auto" }, term.value) : made("span", { dir: "auto" }, term.value);
  }
  const url = address(term.value), text = short(term.value);
  if (!url) return made("span", { class: "iri" }, text);
  const link = made("a", { href: url, title: term.value }, text);
  if (!url.startsWith("/")) link.rel = "noreferrer noopener";
  return link;
}

class Rows {
  constructor(yasr) { this.yasr = yasr; this.priority = 10; this.label = words("Table", "Tableau"); this.order = null; }
  canHandleResults() { return Boolean(this.yasr.results && this.yasr.results.getVariables() && this.yasr.results.getVariables().length); }
  getIcon() { return null; }
  sorted(bindings) {
    if (!this.order) return bindings;
    const [name, sign] = this.order, compare = new Intl.Collator(french ? "fr" : "en", { numeric: true }).compare;
    const value = (row) => (row[name] ? row[name].value : "");
    return [...bindings].sort((a, b) => sign * compare(value(a), value(b)));
  }
  draw() {
    const names = this.yasr.results.getVariables(), bindings = this.sorted(this.yasr.results.getBindings() || []);
    const head = made("tr"), body = made("tbody");
    for (const name of names) {
      const now = this.order && this.order[0] === name ? this.order[1] : 0;
      const button = made("button", { type: "button", class: "sort" }, name, now ? (now > 0 ? " ↑" : " ↓") : "");
      button.addEventListener("click", () => { this.order = [name, now > 0 ? -1 : 1]; this.redraw(); });
      head.append(made("th", { scope: "col", "aria-sort": now ? (now > 0 ? "ascending" : "descending") : "none" }, button));
    }
    const table = made("table", {}, made("thead", {}, head), body);
    const region = made("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": words("Rows", "Lignes") }, table);
    const more = made("button", { type: "button" });
    let count = 0;
    const add = () => {
      for (const row of bindings.slice(count, count + PAGE)) {
        body.append(made("tr", {}, ...names.map((name) => made("td", {}, shown(row[name])))));
      }
      count = Math.min(count + PAGE, bindings.length);
      more.hidden = count >= bindings.length;
      more.textContent = words(`${count} of ${bindings.length}: show more`, `${count} sur ${bindings.length} : en montrer plus`);
    };
    more.addEventListener("click", add);
    add();
    this.yasr.resultsEl.append(region, more);
    pictured(this.yasr.resultsEl, this.yasr.inforceQuery);
  }
  redraw() { this.yasr.resultsEl.replaceChildren(); this.draw(); }
  download() {
    return {
      contentType: "text/csv", filename: "inforce.csv", title: "CSV",
      getData: () => written(this.yasr.results.getVariables(), this.yasr.results.getBindings() || []),
    };
  }
}

// A query whose header asks for a view: the server draws it, as for the plain form; the rows are there without it.
async function pictured(place, text) {
  if (!text || !/^[ \t]*#[ \t]*view:/m.test(text)) return;
  const answer = await fetch("/sparql" + (french ? "?lang=fr" : ""), {
    method: "POST", headers: { Accept: "text/html" }, body: new URLSearchParams({ query: text }),
  });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html"), found = page.querySelector(".view");
  if (found && place.isConnected && !place.querySelector(".view")) place.prepend(document.adoptNode(found));
}

// A spreadsheet takes some first characters for a formula: these get an apostrophe before them.
function written(names, bindings) {
  const cell = (text) => {
    const safe = /^[=+\-@\t\r\0]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = bindings.map((row) => names.map((name) => cell(row[name] ? row[name].value : "")));
  return [names.map(cell), ...lines].map((line) => line.join(",")).join("\r\n") + "\r\n";
}

class Failure {
  constructor(yasr) { this.yasr = yasr; this.priority = 20; this.hideFromSelection = true; }
  canHandleResults() { return Boolean(this.yasr.results && this.yasr.results.getError()); }
  getIcon() { return null; }
  draw() {
    const error = this.yasr.results.getError();
    let told = {};
    try { told = JSON.parse(error.text); } catch { told = {}; }
    const box = made("div", { class: "caution", role: "alert" });
    box.append(made("p", {}, made("strong", {}, told.title || error.statusText || words("No answer", "Pas de réponse"))));
    if (told.detail) box.append(made("pre", { tabindex: "0" }, told.detail));
    if (told.hint) box.append(made("p", {}, told.hint));
    this.yasr.resultsEl.append(box);
  }
}

// ---- the editor -----------------------------------------------------------------------------------------

function prepare(Yasgui, known) {
  const { Yasqe, Yasr } = Yasgui;
  const completes = (name, from, values) => Yasqe.forkAutocompleter(from, {
    name, bulk: true, persistenceId: null, get: async () => values,
  });
  // Only what is known here is offered: those that come with it ask other sites.
  const own = Object.entries(prefixes).map(([name, iri]) => `${name}: <${iri}>`);
  completes("own-prefixes", "prefixes", own);
  completes("own-properties", "property", known.properties);
  completes("own-classes", "class", known.classes);
  Yasqe.defaults.autocompleters = ["variables", "own-prefixes", "own-properties", "own-classes"];
  Yasqe.defaults.prefixCcApi = "";
  Yasr.registerPlugin("table", Rows);
  Yasr.registerPlugin("error", Failure);
  Yasr.defaults.prefixes = prefixes;
}

// The server knows all prefixes; the editor marks those that a query does not declare.
function declared(text) {
  const said = text.replace(/"(?:[^"\\\n]|\\.)*"|<[^<>\s]*>|#.*/g, "");
  const used = new Set([...said.matchAll(/(?<![\w-])([A-Za-z][\w-]*):/g)].map((one) => one[1]));
  const has = new Set([...text.matchAll(/PREFIX\s+([\w-]*):/gi)].map((one) => one[1]));
  const head = [...used].filter((name) => prefixes[name] && !has.has(name)).map((name) => `PREFIX ${name}: <${prefixes[name]}>\n`);
  return head.sort().join("") + text;
}

function link(text) {
  const url = new URL("/sparql", location.href);
  url.searchParams.set("query", text);
  if (french) url.searchParams.set("lang", "fr");
  return url.href;
}

// Names, roles and places for the keyboard that YASGUI leaves out.
function label(root) {
  for (const [query, text] of [
    [".CodeMirror textarea", words("Query", "Requête")],
    [".yasr .CodeMirror textarea", words("Response", "Réponse")],
    [".addTab", words("Another query", "Une autre requête")],
    [".yasqe_share", words("Link to this query", "Lien vers cette requête")],
    [".yasqe_queryButton", words("Run", "Lancer")],
    [".fullscreenToggle, .yasqe_fullscreenBtn", words("Full screen", "Plein écran")],
    [".yasqe_sharePopup input", words("Link to this query", "Lien vers cette requête")],
  ]) for (const one of root.querySelectorAll(query)) if (one.getAttribute("aria-label") !== text) one.setAttribute("aria-label", text);
  for (const one of root.querySelectorAll(".tabsList")) if (one.getAttribute("role")) one.removeAttribute("role");
  for (const one of root.querySelectorAll(".tabsList [role=tab]")) {
    one.setAttribute("aria-current", String(one.getAttribute("aria-selected") === "true"));
    for (const name of ["role", "aria-selected", "aria-controls"]) one.removeAttribute(name);
  }
  for (const one of root.querySelectorAll("[role=tabpanel], .yasr_plugin_control[aria-controls]")) {
    for (const name of ["role", "aria-labelledby", "aria-controls"]) one.removeAttribute(name);
  }
  for (const one of root.querySelectorAll("svg:not([aria-hidden])")) one.setAttribute("aria-hidden", "true");
  for (const one of root.querySelectorAll(".CodeMirror-scroll:not([tabindex='0'])")) one.setAttribute("tabindex", "0");
}

function choose(known, gui) {
  const select = made("select", { id: "editor-saved" }, made("option", { value: "" }, "—"));
  for (const one of known.queries) select.append(made("option", { value: one.name }, `${one.name}: ${one.title}`));
  select.addEventListener("change", () => {
    const found = known.queries.find((one) => one.name === select.value);
    if (found) gui.getTab().setQuery(found.text);
  });
  return made("p", { class: "field" }, made("label", { for: "editor-saved" }, words("Take a saved query", "Prendre une requête enregistrée")), select);
}

async function open(button) {
  button.disabled = true;
  const [known] = await Promise.all([
    fetch("/editor.json", { headers: { Accept: "application/json" } }).then((answer) => answer.json()),
    loaded(made("link", { rel: "stylesheet", href: "/static/vendor/yasgui.min.css" })),
    loaded(made("script", { src: "/static/vendor/yasgui.min.js" })),
  ]);
  await loaded(made("link", { rel: "stylesheet", href: "/static/editor.css" }));
  ({ base, pages, prefixes } = known);
  const Yasgui = window.Yasgui.default || window.Yasgui;
  prepare(Yasgui, known);
  const form = document.getElementById("query").form;
  const gui = new Yasgui(place, {
    requestConfig: { endpoint: new URL("/sparql", location.href).href, method: "POST" },
    endpointCatalogueOptions: { getData: () => [], keys: [] },
    copyEndpointOnNewTab: false, persistenceId: null, populateFromUrl: false, autofocus: false,
    yasqe: { value: document.getElementById("query").value },
  });
  const dress = () => {
    for (const tab of Object.values(gui._tabs)) {
      const editor = tab.getYasqe(), results = tab.getYasr && tab.getYasr();
      if (editor && !editor.dressed) {
        editor.dressed = true;
        // What was asked, not what has been typed since.
        editor.on("query", () => { const shown = tab.getYasr(); if (shown) shown.inforceQuery = editor.getValue(); });
        if (results) results.inforceQuery = editor.getValue();
        editor.config.createShareableLink = () => link(editor.getValue());
        // A tab key that never leaves is a trap: Escape, then Tab, goes on.
        editor.addKeyMap({ Esc: () => { editor.setOption("extraKeys", { ...editor.getOption("extraKeys"), Tab: false, "Shift-Tab": false }); } });
      }
    }
    label(place);
  };
  gui.getTab().setQuery(declared(document.getElementById("query").value));
  place.prepend(choose(known, gui));
  dress();
  new MutationObserver(dress).observe(place, { childList: true, subtree: true });
  // One of the two at a time: the form with its rows, or the editor with its own.
  const plain = document.getElementById("plain");
  form.hidden = plain.hidden = true;
  button.closest("p").hidden = true;
  const back = made("button", { type: "button" }, words("Plain form", "Simple formulaire"));
  back.addEventListener("click", () => {
    document.getElementById("query").value = gui.getTab().getQuery();
    form.hidden = plain.hidden = false;
    place.hidden = true;
    button.closest("p").hidden = false;
    button.disabled = false;
    button.onclick = () => { place.hidden = false; form.hidden = plain.hidden = true; button.closest("p").hidden = true; gui.getTab().setQuery(declared(document.getElementById("query").value)); };
    document.getElementById("query").focus();
  });
  place.append(made("p", {}, back));
  gui.getTab().getYasqe().focus();
}

const button = document.getElementById("editor-open");
if (place && button && document.getElementById("query")) {
  button.closest("p").hidden = false;
  button.addEventListener("click", () => {
    if (place.childElementCount) return;
    open(button).catch((error) => { button.disabled = false; button.textContent = `${button.textContent} (${error.message})`; });
  });
}
