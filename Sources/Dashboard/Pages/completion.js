// One generation, asked of the engine through the gateway and read as it comes.
import { Failure, address, messageOf } from "./api.js";
import { serverSentEvents } from "./sse.js";

/** An id nobody else has, so that a run can be stopped before the gateway has answered. */
export function newRunID() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `run_${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

const headersFor = (key) => (key ? { Authorization: `Bearer ${key}` } : {});

async function ask(path, { body, key, runID, signal }) {
  let answer;
  try {
    answer = await fetch(address(path), {
      method: body ? "POST" : "GET",
      headers: { ...headersFor(key), ...(body ? { "Content-Type": "application/json" } : {}), ...(runID ? { "X-Run-Id": runID } : {}) },
      body: body ? JSON.stringify(body) : undefined,
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure(0, "The gateway cannot be reached.");
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => null);
  throw new Failure(answer.status, messageOf(said, answer.status), said);
}

export async function listModels(key) {
  const { data = [] } = await (await ask("v1/models", { key })).json();
  return data.map(({ id }) => id);
}

/**
 * The parts of a chat completion: `{runID}` once, then `{content, reasoning, calls}`, at its end `{finish, stopReason,
 * evidence}`.
 */
export async function* chatCompletion(request, options) {
  const answer = await ask("v1/chat/completions", { body: { ...request, stream: true }, ...options });
  yield { runID: answer.headers.get("X-Loopguard-Run-Id") };
  try {
    for await (const { data } of serverSentEvents(answer.body)) {
      if (data === null || data === "[DONE]") continue;
      yield* parts(JSON.parse(data));
    }
  } catch (error) {
    if (error.name === "AbortError" || error instanceof Failure) throw error;
    throw new Failure(0, "The connection broke off.");
  }
}

function* parts(chunk) {
  if (chunk.error) throw new Failure(502, messageOf(chunk, 502));
  const choice = chunk.choices?.[0];
  const delta = choice?.delta ?? {};
  const content = delta.content ?? "";
  const reasoning = delta.reasoning_content ?? delta.reasoning ?? "";
  const calls = delta.tool_calls ?? [];
  if (content || reasoning || calls.length) yield { content, reasoning, calls };
  if (choice?.finish_reason) {
    const stopReason = choice.stop_reason ?? chunk.guard?.reason ?? null;
    // vLLM puts the stop token that it found there, a number.
    const named = typeof stopReason === "string" ? stopReason : null;
    yield { finish: choice.finish_reason, stopReason: named, evidence: chunk.guard?.evidence ?? null };
  }
}

/** A picture as the source of an image, or null when its making was cancelled. */
export async function picture(request, options) {
  const answer = await ask("v1/images/generations", { body: { ...request, n: 1, response_format: "b64_json" }, ...options });
  const { data = [] } = await answer.json();
  const made = data[0];
  if (!made) return null;
  return made.b64_json ? `data:${typeOf(made.b64_json)};base64,${made.b64_json}` : made.url;
}

const typeOf = (base64) => (base64.startsWith("/9j/") ? "image/jpeg" : base64.startsWith("UklG") ? "image/webp" : "image/png");
