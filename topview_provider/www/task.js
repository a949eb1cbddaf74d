// The tab of one task: its state in words, and its film, pictures or sound.

import { card as cardOf, followTheme, keyOfThisPage, leadsToAirflow, orNull, refresh, resultUrl, taskInstance, taskUrl } from "./airflow.js";
import { player } from "./media.js";
import { ago, amount, badge, element, familyName, moment, outputsOf, productOf, span, stateOf, titleOf } from "./words.js";

const key = keyOfThisPage();
const main = document.querySelector("main");
let drawn = "";

function facts(card, instance) {
  const now = Date.now() / 1000;
  const rows = [
    ["Product", productOf(card)],
    ["Kind", familyName(card.family)],
    ["Language", card.language],
    ["Length", card.duration_ms && span(card.duration_ms / 1000)],
    ["Cost", card.cost_credit === null || card.cost_credit === undefined ? null : amount(card.cost_credit)],
    ["Submitted", card.submitted_at && `${moment(card.submitted_at)} (${ago(card.submitted_at)})`],
    ["Took", card.state === "success" && card.submitted_at && span(card.seconds)],
    ["Gives up", stateOf(instance, card).busy && card.end_time > now && `in ${span(card.end_time - now)}`],
    ["Airflow task", instance?.rendered_map_index ? `${key.task_id} [${instance.rendered_map_index}]` : key.task_id],
    ["TopView id", card.topview_task_id],
    ["Connection", card.topview_conn_id],
  ];
  const shown = rows.filter(([, value]) => value);
  return element("dl", {}, ...shown.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, String(value))]));
}

function progress(card) {
  if (!card.submitted_at || !card.expected_seconds) return null;
  const age = Date.now() / 1000 - card.submitted_at;
  const label = age < card.expected_seconds ? `${span(age)} old, usually done after ${span(card.expected_seconds)}` : `${span(age)} old; longer than the usual ${span(card.expected_seconds)}`;
  const bar = element("progress", { max: card.expected_seconds, value: Math.min(age, card.expected_seconds), "aria-label": label });
  return element("div", { className: "progress" }, bar, element("p", { className: "quiet" }, label));
}

function media(card) {
  const outputs = outputsOf(card);
  const cover = outputs.find(({ name }) => name === "cover");
  const poster = cover && resultUrl(key, cover.name);
  const films = outputs.filter((output) => !(output === cover && outputs.length > 1));
  const shown = films.flatMap((output) =>
    Array.from({ length: output.count }, (_, index) => {
      const number = output.count > 1 ? ` ${index + 1}` : "";
      const name = number || films.length > 1 ? ` ${output.name}${number}` : "";
      const url = resultUrl(key, output.name, { index });
      const open = element("a", { href: url, download: "" }, `Download${name}`);
      return element("figure", { className: output.kind }, player(key, output, index, titleOf(card) + name, output.kind === "video" ? poster : null), element("figcaption", {}, open));
    }),
  );
  return element("section", { className: `media ${shown.length > 1 ? "many" : ""}`, "aria-label": "Result" }, ...shown);
}

function nothing(instance) {
  const ours = (instance?.operator_name ?? instance?.operator ?? "").startsWith("Topview");
  const text = ours ? "Nothing from TopView yet: it is shown here as soon as TopView has taken the task." : "This task did not ask TopView for anything.";
  const mapped = key.map_index < 0 && instance === null ? "Choose one of the mapped task instances to see its result." : text;
  return element("div", { className: "empty" }, element("h1", {}, "TopView"), element("p", {}, mapped));
}

const about = (card, state) =>
  [state.text, state.look === "bad" && card.state !== "failed" ? card.error : ""].filter(Boolean).map((text) => element("p", { className: state.look }, text));

async function draw() {
  const [instance, card] = await Promise.all([orNull(taskInstance(key)), orNull(cardOf(key))]);
  const state = stateOf(instance, card);
  const same = JSON.stringify([instance?.state, card]);
  // What is playing must go on playing: nothing is drawn again that has not changed, but for what grows old.
  if (same === drawn && !(card && state.busy)) return card ? 60 : 5;
  drawn = same;
  if (!card) {
    main.replaceChildren(nothing(instance));
    return 5;
  }
  const alone = window.parent === window;
  const way = leadsToAirflow(element("a", { className: "way", href: alone ? taskUrl(key, "") : location.href }, alone ? "Back to Airflow" : "Open by itself"));
  main.replaceChildren(
    element("header", {}, element("h1", {}, titleOf(card)), badge(state), way),
    ...about(card, state),
    ...[state.busy ? progress(card) : null, card.state === "success" ? media(card) : null].filter(Boolean),
    facts(card, instance),
  );
  return state.busy ? 3 : 60;
}

followTheme();
refresh(() =>
  draw().catch((error) => {
    main.replaceChildren(element("div", { className: "empty" }, element("h1", {}, "TopView"), element("p", { role: "alert" }, error.message || "Airflow does not answer.")));
    drawn = "";
    return 15;
  }),
);
