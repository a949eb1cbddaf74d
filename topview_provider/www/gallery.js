// The page "TopView": what runs now, the last results of all DAGs that the visitor may see, and the credits left.

import { ask, card as cardOf, followTheme, keyOf, leadsToAirflow, orNull, refresh, sameTask, taskInstance, taskUrl } from "./airflow.js";
import { still } from "./media.js";
import { ago, amount, badge, element, familyName, outputsOf, productOf, span, stateOf, titleOf } from "./words.js";

const SHOWN = 24;
const PAGE = 100;
const PAGES = 5;
const ALL = "api/v2/dags/~/dagRuns/~/taskInstances";

const places = Object.fromEntries(["credits", "running", "results", "more", "trouble"].map((id) => [id, document.getElementById(id)]));
const known = new Map();
let shown = SHOWN;
let drawn = "";

const page = (offset) => ask(`${ALL}/~/xcomEntries`, { xcom_key: "topview", order_by: "-timestamp", limit: PAGE, offset });

// From Airflow 3.3 on the newest come first; older ones do not sort, so the first pages are sorted here.
async function entries() {
  const first = await page(0);
  let found = first.xcom_entries;
  const sorted = found.every((entry, place) => !place || entry.timestamp <= found[place - 1].timestamp);
  if (!sorted) {
    const offsets = Array.from({ length: PAGES - 1 }, (_, place) => (place + 1) * PAGE).filter((offset) => offset < first.total_entries);
    found = [...found, ...(await Promise.all(offsets.map(page))).flatMap((one) => one.xcom_entries)];
  }
  return found.sort((one, other) => other.timestamp.localeCompare(one.timestamp));
}

async function remembered(entry) {
  const name = JSON.stringify(keyOf(entry));
  if (known.get(name)?.timestamp !== entry.timestamp) {
    known.set(name, { timestamp: entry.timestamp, card: await orNull(cardOf(keyOf(entry))) });
  }
  return known.get(name).card;
}

async function item(entry) {
  const key = keyOf(entry);
  const card = await remembered(entry);
  // Only of what is not settled at TopView, Airflow's own state says more.
  const instance = card?.state === "accepted" ? await orNull(taskInstance(key)) : null;
  return { key, card, at: Date.parse(entry.timestamp) / 1000, airflow: instance?.state };
}

const withCards = async (found) => (await Promise.all(found.map(item))).filter(({ card }) => card);

// What has not changed is not fetched again: a batch has many tasks under way, and this page looks every few seconds.
function cardFor(key, found) {
  const entry = found.find((one) => sameTask(keyOf(one), key));
  return entry ? remembered(entry) : orNull(cardOf(key));
}

async function underWay(found) {
  const answer = await ask(ALL, { state: ["running", "deferred"], order_by: "-start_date", limit: PAGE });
  const ours = answer.task_instances.filter(
    (instance) => (instance.operator_name ?? instance.operator ?? "").startsWith("Topview") || found.some((entry) => sameTask(keyOf(entry), keyOf(instance))),
  );
  return Promise.all(ours.map(async (instance) => ({ instance, key: keyOf(instance), card: await cardFor(keyOf(instance), found) })));
}

const madeBy = ({ card }) => [card.topview_task_id, card.items].join(" ");

// One task of TopView may stand behind several of Airflow's: an operator that left and a sensor that waited.
function once(items) {
  const settled = new Set(items.filter(({ card }) => card.bought && card.state !== "accepted").map(madeBy));
  // What a sensor or an approval shows of one script is in the tile of the task that made it.
  const own = items.filter((item) => item.card.bought || !settled.has(madeBy(item)));
  const best = new Map();
  for (const item of own) {
    const name = [item.card.topview_task_id, item.card.script_id, item.card.items].join(" ");
    const other = best.get(name);
    if (!other || (other.card.state === "accepted" && item.card.state !== "accepted")) best.set(name, item);
  }
  return own.filter((item) => [...best.values()].includes(item));
}

const link = (key, ...children) => leadsToAirflow(element("a", { href: taskUrl(key) }, ...children));

const where = (key) => `${key.dag_id} › ${key.task_id}${key.map_index < 0 ? "" : ` [${key.map_index}]`}`;

function row({ instance, key, card }) {
  const since = card?.submitted_at ?? Date.parse(instance.start_date) / 1000;
  const usual = card?.expected_seconds ? `, usually done after ${span(card.expected_seconds)}` : "";
  const name = card ? titleOf(card) : (instance.task_display_name ?? key.task_id);
  return element("li", {}, link(key, element("strong", {}, name)), element("span", { className: "quiet" }, where(key)), element("span", { className: "since" }, `since ${span(Date.now() / 1000 - since)}${usual}`));
}

function tile({ key, card, at, airflow }) {
  const state = stateOf({ state: airflow }, card);
  const details = [productOf(card), familyName(card.family) === titleOf(card) ? null : familyName(card.family), card.language, typeof card.cost_credit === "number" ? amount(card.cost_credit) : null, ago(at)].filter(Boolean);
  const picture = card.state === "success" ? still(key, outputsOf(card), titleOf(card)) : element("div", { className: "no-picture" }, badge(state));
  const words = element("div", { className: "words" }, element("h3", {}, titleOf(card)), element("p", { className: "quiet" }, details.join(" · ")), element("p", { className: "quiet where" }, where(key)));
  const error = card.state === "failed" ? element("p", { className: "bad" }, card.error || "TopView gave no reason.") : null;
  if (error) words.append(error);
  return element("li", { className: "tile" }, link(key, element("div", { className: "picture" }, picture), words));
}

async function balance(cards) {
  const connections = [...new Set(cards.map(({ card }) => card.topview_conn_id))];
  const asked = (connections.length ? connections : ["topview_default"]).slice(0, 5);
  const found = await Promise.all(asked.map((name) => ask(`topview/credits/${encodeURIComponent(name)}`).catch(() => null)));
  const lines = found.filter(Boolean).map((one) => `${amount(one.credits)} left${asked.length > 1 ? ` (${one.connection_id})` : ""}`);
  places.credits.replaceChildren(...lines.map((line) => element("span", { className: "badge plain" }, line)));
}

function list(place, items, make, empty) {
  place.replaceChildren(items.length ? element("ul", {}, ...items.map(make)) : element("p", { className: "empty" }, empty));
}

async function draw() {
  const found = await entries();
  const running = await underWay(found);
  list(places.running, running, row, "Nothing runs at TopView now.");
  const busy = (item) => running.some(({ key }) => sameTask(key, item.key));
  const items = once((await withCards(found.slice(0, shown))).filter((item) => !busy(item)));
  const same = JSON.stringify(items);
  // Posters are fetched anew only where something changed.
  if (same !== drawn) list(places.results, items, tile, "No results yet. Trigger a DAG with a TopView task, for example the quickstart topview_marketing_video, and its video appears here.");
  drawn = same;
  places.more.hidden = found.length <= shown;
  places.trouble.hidden = true;
  balance(items);
  return running.length ? 5 : 30;
}

places.more.addEventListener("click", () => {
  shown += SHOWN;
  draw();
});
followTheme();
refresh(() =>
  draw().catch((error) => {
    places.trouble.textContent = error.message || "Airflow does not answer.";
    places.trouble.hidden = false;
    return 15;
  }),
);
