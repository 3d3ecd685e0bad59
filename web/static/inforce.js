// Small conveniences; every page works without them. Nothing is fetched but pages of this server.
"use strict";

const french = document.documentElement.lang === "fr";
const DAY = 86400000;

function number(day) { return Date.parse(day + "T00:00:00Z") / DAY; }
function text(number) { return new Date(number * DAY).toISOString().slice(0, 10); }

function copies(root) {
  for (const block of root.querySelectorAll(".copy")) {
    if (!navigator.clipboard || block.querySelector("button")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = french ? "Copier" : "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.querySelector("code").textContent);
      button.textContent = french ? "Copié" : "Copied";
    });
    block.append(button);
  }
}

// The slider: dragged it goes from day to day, by arrow keys from change to change.
let latest = 0;

async function go(day) {
  const url = new URL(location.href);
  url.searchParams.set("on", day);
  const mine = ++latest;
  const answer = await fetch(url, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("answer"), old = document.getElementById("answer");
  if (mine !== latest) return;
  if (!fresh || !old) { location.assign(url); return; }
  const active = document.activeElement && document.activeElement.id;
  const open = [...old.querySelectorAll("details")].map((one) => one.open);
  const folds = [...fresh.querySelectorAll("details")];
  if (folds.length === open.length) folds.forEach((one, n) => { one.open = open[n]; });
  old.replaceWith(document.adoptNode(fresh));
  document.title = page.title;
  for (const field of document.querySelectorAll("input#on")) field.value = day;
  for (const link of document.querySelectorAll(".tongues a, .formats a")) {
    const target = new URL(link.href);
    target.searchParams.set("on", day);
    link.href = target.href;
  }
  history.replaceState(null, "", url);
  start(fresh);
  if (active === "slider") document.getElementById("slider").focus();
}

function slider(root) {
  const input = root.querySelector("#slider"), strip = root.querySelector("#strip");
  if (!input || !strip) return;
  const first = number(strip.dataset.first);
  const days = strip.dataset.days.split(" ").filter(Boolean).map(number);
  let waiting;
  input.closest("[hidden]").hidden = false;
  const say = () => input.setAttribute("aria-valuetext", text(first + Number(input.value)));
  const ask = (wait) => {
    say();
    clearTimeout(waiting);
    waiting = setTimeout(() => go(text(first + Number(input.value))), wait);
  };
  say();
  input.addEventListener("input", () => ask(180));
  input.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!step || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) {
      if (step && event.shiftKey) {
        event.preventDefault();
        input.value = Number(input.value) + step;
        ask(60);
      }
      return;
    }
    event.preventDefault();
    const now = first + Number(input.value);
    const next = step > 0 ? days.find((day) => day > now) : days.findLast((day) => day < now);
    if (next !== undefined) { input.value = next - first; ask(60); }
  });
}

// A form leaves out what is empty, so that its address says only what is asked.
function forms(root) {
  for (const form of root.querySelectorAll("form")) {
    form.addEventListener("formdata", (event) => {
      for (const [name, value] of [...event.formData.entries()]) {
        if (!value || name === "ask") event.formData.delete(name);
      }
    });
  }
}

// A large picture is opened where it begins.
function pictures(root) {
  for (const box of root.querySelectorAll(".picture.big")) {
    const first = box.querySelector('rect[stroke-width="2.4"]');
    if (!first) continue;
    const place = first.getBoundingClientRect(), frame = box.getBoundingClientRect();
    box.scrollTop = place.top - frame.top - (box.clientHeight - place.height) / 2;
  }
}

function start(root) { copies(root); slider(root); forms(root); pictures(root); }
start(document);
