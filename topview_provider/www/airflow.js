// What both pages need of Airflow: its public API with the visitor's own cookie, its theme, and a way back to it.

const BASE = new URL("../../", import.meta.url).pathname;
const UNMAPPED = -1;

export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export async function ask(path, query = {}) {
  const url = new URL(BASE + path, location.origin);
  Object.entries(query).forEach(([name, value]) => [value].flat().forEach((one) => url.searchParams.append(name, one)));
  const answer = await fetch(url, { headers: { accept: "application/json" } });
  if (answer.ok) return answer.json();
  const said = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, typeof said.detail === "string" ? said.detail : answer.statusText);
}

export const orNull = (promise) =>
  promise.catch((error) => {
    if (error instanceof Refused && [403, 404].includes(error.status)) return null;
    throw error;
  });

const joined = (...names) => names.map(encodeURIComponent).join("/");

const inRun = (key) => `api/v2/dags/${joined(key.dag_id)}/dagRuns/${joined(key.run_id)}/taskInstances/${joined(key.task_id)}`;

export const taskInstance = (key) =>
  ask(key.map_index === UNMAPPED ? inRun(key) : `${inRun(key)}/${key.map_index}`);

const NUMBERS = ["cost_credit", "duration_ms", "submitted_at", "seconds", "expected_seconds", "end_time"];

const kindOf = (name) => (name === "bought" ? "boolean" : NUMBERS.includes(name) ? "number" : "string");

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// Any DAG may leave an XCom of this name: what is no card is none, lest one task of somebody else empties the gallery.
export async function card(key) {
  const found = await ask(`${inRun(key)}/xcomEntries/topview`, { map_index: key.map_index });
  const value = typeof found.value === "string" ? parsed(found.value) : found.value;
  const said = Object.entries(value ?? {}).filter(([name, one]) => typeof one === kindOf(name));
  const read = Object.fromEntries(said);
  return read.family && read.topview_task_id ? read : null;
}

export const resultUrl = (key, output, { index = 0, anew = false } = {}) =>
  `${BASE}topview/result/${joined(key.dag_id, key.run_id, key.task_id, key.map_index, output)}?index=${index}${anew ? "&anew=true" : ""}`;

export function taskUrl(key, tab = "/plugin/topview") {
  const mapped = key.map_index === UNMAPPED ? "" : `/mapped/${key.map_index}`;
  return `${BASE}dags/${joined(key.dag_id)}/runs/${joined(key.run_id)}/tasks/${joined(key.task_id)}${mapped}${tab}`;
}

// Airflow fills in the names, encoded or not as its version does: a plus is a plus, and braces stand for nothing.
export function keyOfThisPage() {
  const pairs = location.search.slice(1).split("&").map((pair) => pair.split("="));
  const names = Object.fromEntries(pairs.map(([name, value = ""]) => [name, decodeURIComponent(value)]));
  const index = Number.parseInt(names.map_index, 10);
  return { ...names, map_index: Number.isNaN(index) ? UNMAPPED : index };
}

export const sameTask = (one, other) =>
  ["dag_id", "run_id", "task_id", "map_index"].every((name) => one[name] === other[name]);

export const keyOf = (found) => ({
  dag_id: found.dag_id,
  run_id: found.dag_run_id ?? found.run_id,
  task_id: found.task_id,
  map_index: found.map_index ?? UNMAPPED,
});

// Airflow's frame forbids its pages to lead anywhere else, so the link is followed in Airflow's own page.
export function leadsToAirflow(link) {
  link.addEventListener("click", (event) => {
    if (window.parent === window) return;
    event.preventDefault();
    const outside = window.parent.document;
    const twin = outside.createElement("a");
    twin.href = link.href;
    outside.body.append(twin);
    twin.click();
    twin.remove();
  });
  return link;
}

export function followTheme() {
  const outside = window.parent.document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const said = outside.classList.contains("dark") || outside.classList.contains("light");
    const stored = said ? "" : (localStorage.getItem("theme") ?? "");
    const system = dark.matches ? "dark" : "light";
    const outer = outside.classList.contains("dark") ? "dark" : "light";
    const own = ["dark", "light"].includes(stored) ? stored : system;
    document.documentElement.dataset.theme = said ? outer : own;
  };
  apply();
  dark.addEventListener("change", apply);
  if (window.parent !== window) new MutationObserver(apply).observe(outside, { attributeFilter: ["class"] });
}

// Look again while somebody looks, sooner while something is under way.
export function refresh(draw) {
  const turn = async () => {
    let seconds = 30;
    if (!document.hidden) seconds = (await draw().catch(() => null)) ?? seconds;
    setTimeout(turn, seconds * 1000);
  };
  turn();
}
