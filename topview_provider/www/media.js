// Players and pictures whose addresses are fetched by the plugin's route, which signs them anew when they expired.

import { resultUrl } from "./airflow.js";
import { element } from "./words.js";

async function reason(url) {
  const answer = await fetch(url, { redirect: "manual", headers: { accept: "application/json" } });
  if (answer.type === "opaqueredirect") return "This browser cannot show the file.";
  const said = await answer.json().catch(() => ({}));
  return typeof said.detail === "string" ? said.detail : "The file cannot be fetched now.";
}

// A second try asks TopView anew: the address may have expired since the page was drawn, or while it played.
function patient(media, key, output, index) {
  let tries = 0;
  media.addEventListener("error", async () => {
    tries += 1;
    const url = resultUrl(key, output, { index, anew: true });
    if (tries === 1) {
      const at = media.currentTime;
      media.src = url;
      if (at) media.addEventListener("loadedmetadata", () => { media.currentTime = at; }, { once: true });
      return;
    }
    media.replaceWith(element("p", { className: "missing", role: "status" }, await reason(url).catch(() => "No answer.")));
  });
  media.src = resultUrl(key, output, { index });
  return media;
}

const MAKERS = {
  video: (label, poster) =>
    element("video", { controls: true, preload: "metadata", playsInline: true, poster, "aria-label": label }),
  audio: (label) => element("audio", { controls: true, preload: "metadata", "aria-label": label }),
  image: (label) => element("img", { alt: label, loading: "lazy", decoding: "async" }),
};

export function player(key, output, index, label, poster = null) {
  return patient((MAKERS[output.kind] ?? MAKERS.image)(label, poster), key, output.name, index);
}

// A still picture for the gallery: the cover, else the first picture, else the first frame of the film.
export function still(key, outputs, label) {
  const pick = outputs.find(({ name }) => name === "cover") ?? outputs.find(({ kind }) => kind === "image") ?? outputs[0];
  if (!pick || pick.kind === "audio") return element("div", { className: "no-picture" }, pick ? "Audio" : "No file");
  if (pick.kind === "image") return player(key, pick, 0, label);
  const film = element("video", { preload: "metadata", muted: true, playsInline: true, tabIndex: -1, "aria-label": label });
  return patient(film, key, pick.name, 0);
}
