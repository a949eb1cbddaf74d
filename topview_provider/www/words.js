// How states, times and amounts are said to people.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => {
    if (value === null || value === undefined || value === false) return;
    if (name in made && typeof value !== "string") made[name] = value;
    else made.setAttribute(name === "className" ? "class" : name, value);
  });
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const pair = (whole, unit, rest, smaller) => (rest ? `${whole} ${unit} ${rest} ${smaller}` : `${whole} ${unit}`);

export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(Math.floor(whole / 60), "min", whole % 60, "s");
  return pair(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
}

export const moment = (unix) =>
  new Date(unix * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

export function ago(unix) {
  const seconds = Date.now() / 1000 - unix;
  const units = [["day", 86400], ["h", 3600], ["min", 60]];
  const [unit, size] = units.find(([, length]) => seconds >= length) ?? ["", 0];
  if (!size) return "just now";
  const count = Math.floor(seconds / size);
  return `${count} ${unit}${unit === "day" && count > 1 ? "s" : ""} ago`;
}

export const amount = (credits) => `${Number(credits.toFixed(2))} credit${credits === 1 ? "" : "s"}`;

export const familyName = (family) => {
  const text = family.replaceAll("_", " ");
  return text[0].toUpperCase() + text.slice(1);
};

export const titleOf = (card) => card.title || card.product || familyName(card.family);

// The product, where the title does not begin with it anyway.
export const productOf = (card) => (titleOf(card).startsWith(card.product) ? null : card.product);

export const outputsOf = (card) =>
  (card.outputs || "")
    .split(" ")
    .filter(Boolean)
    .map((text) => text.split(":"))
    .map(([name, kind, count]) => ({ name, kind, count: Number(count) }));

const UNDER_WAY = ["running", "deferred", "queued", "scheduled", "up_for_reschedule", "restarting"];

// A sensor only waits; an operator goes on where its ledger tells what it bought.
const again = (card) =>
  card?.bought ? "goes on with it without paying again if there is a record of it (Airflow 3.3, or [topview] ledger_path)" : "waits for it again";

// What Airflow says of its task and the card of TopView's, together in one word and one sentence.
export function stateOf(instance, card) {
  const waiting = UNDER_WAY.includes(instance?.state);
  if (card?.state === "success") return { look: "good", word: "Done", text: "" };
  if (card?.state === "failed") return { look: "bad", word: "Failed at TopView", text: card.error || "TopView gave no reason." };
  if (waiting) {
    const text = instance.state === "deferred" ? "Airflow waits in the triggerer, without a worker." : "";
    return { look: "busy", word: "Being made at TopView", text, busy: true };
  }
  if (instance?.state === "up_for_retry")
    return { look: "busy", word: "Waiting for a retry", text: `The retry ${again(card)}.`, busy: true };
  if (instance?.state === "success")
    return { look: "busy", word: "Accepted by TopView", text: "This task did not wait for the result; a sensor behind it shows it." };
  return { look: "bad", word: "Airflow stopped waiting", text: `The task may go on at TopView. Clearing this Airflow task ${again(card)}.` };
}

export const badge = (state) => element("span", { className: `badge ${state.look}` }, state.word);
