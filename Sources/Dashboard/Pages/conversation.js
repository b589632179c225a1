// What has been said, and what of it a model is given: its own words, never what we write beside them.

const place = "loopguard.conversation";

/** A message of the model that nothing has come of yet. */
export const answer = (owner, image = false) => ({
  role: "assistant", owner, runID: owner, image, pending: true,
  content: "", reasoning: "", calls: [], picture: null, outcome: null, figures: null,
});

export const question = (content) => ({ role: "user", content });

/**
 * The messages of a request. How a turn ended, its reasoning, calls that nobody carried out and pictures are ours to
 * show; a model that read "stopped" in its own voice would learn to say it.
 */
export function toRequest(messages, system = "") {
  const said = messages
    .filter(({ role, content, image }) => content && !(role === "assistant" && image))
    .map(({ role, content }) => ({ role, content }));
  return system ? [{ role: "system", content: system }, ...said] : said;
}

/** The reasoning that some models write into the answer itself, between `<think>` and `</think>`. */
export function withoutThinking({ content, reasoning }) {
  const start = content.match(/^\s*<think>\n?/);
  if (!start) return { content, reasoning };
  const end = content.indexOf("</think>");
  if (end < 0) return { content: "", reasoning: reasoning + content.slice(start[0].length) };
  return { content: content.slice(end + 8).trimStart(), reasoning: reasoning + content.slice(start[0].length, end) };
}

/** Kept for this tab, so that a reload loses nothing. Pictures are too large for it. */
export function save(messages) {
  try {
    sessionStorage.setItem(place, JSON.stringify(messages.map((message) => ({ ...message, picture: null }))));
  } catch {
    sessionStorage.removeItem(place);
  }
}

export function load() {
  try {
    return JSON.parse(sessionStorage.getItem(place)) ?? [];
  } catch {
    return [];
  }
}
