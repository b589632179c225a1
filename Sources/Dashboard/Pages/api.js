// The control API. Paths are relative to the page, so that the whole of it can live behind a prefix.
import { controlKey } from "./key.js";

const root = new URL("../", document.baseURI);

export const address = (path, query = {}) => {
  const url = new URL(path, root);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  return url;
};

/** The base URL that an agent is given. */
export const agentAddress = () => new URL("v1", root).href;

/** An answer that is not a success. `status` is 0 when there was none at all. */
export class Failure extends Error {
  constructor(status, message, body = null) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

/** What an error body says, in whichever of the usual shapes it says it. */
export function messageOf(body, status) {
  const error = body?.error;
  const said = typeof error === "string" ? error : error?.message ?? body?.message;
  return said || `The answer was ${status}.`;
}

/** Fetches from the control API, with the control key where there is one; asks for it once where it is missing. */
export async function request(url, options = {}) {
  for (let attempt = 0; ; attempt += 1) {
    const headers = { ...options.headers, ...controlKey.headers() };
    let answer;
    try {
      answer = await fetch(url, { ...options, headers, cache: "no-store" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Failure(0, "The gateway cannot be reached.");
    }
    if (answer.ok) return answer;
    const body = await answer.json().catch(() => null);
    if (answer.status === 401 && (await controlKey.ask(attempt > 0))) continue;
    throw new Failure(answer.status, messageOf(body, answer.status), body);
  }
}

const json = async (url, options) => (await request(url, options)).json();

export const listRuns = (query) => json(address("v1/runs", query));
export const getRun = (id) => json(address(`v1/runs/${encodeURIComponent(id)}`));
export const getText = (id, limit) => json(address(`v1/runs/${encodeURIComponent(id)}/text`, { limit }));
export const getStats = () => json(address("v1/stats"));
export const runEvents = (id) => address(`v1/runs/${encodeURIComponent(id)}/events`);
export const allEvents = () => address("v1/runs/events");

/** Marks the recording of a run; the answer is the label as it is kept. */
export const labelRun = (id, label) =>
  json(address(`v1/runs/${encodeURIComponent(id)}/label`), {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Loopguard-Source": "dashboard" },
    body: JSON.stringify(label),
  });

/** Asks for a stop. The answer says whether it came in time; the end itself is told by the terminal event. */
export async function stopRun(id, { scope = "tree", mode = "immediate", generation = null } = {}) {
  const body = { scope, mode, source: "dashboard" };
  if (generation !== null && generation !== undefined) body.if_generation = generation;
  try {
    return await json(address(`v1/runs/${encodeURIComponent(id)}/stop`), {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Loopguard-Source": "dashboard" },
      body: JSON.stringify(body),
    });
  } catch (failure) {
    // A run that is no longer known cannot be stopped any more; that is an answer, not a failure.
    if (failure.status === 404) return { run_id: id, cancelled: false, state: null, reason: "unknown" };
    throw failure;
  }
}
