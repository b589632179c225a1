// Has an answer made, in words or as a picture, and says how that ended.
import { chatCompletion, picture } from "./completion.js";
import { toRequest } from "./conversation.js";

/**
 * A turn of a chat.
 * @param before the messages it answers
 * @param hear   called with each piece of the answer
 */
export function converse(turn, before, options, hear) {
  return ended(async () => {
    const request = { ...options.request, messages: toRequest(before, options.system) };
    let end = null;
    for await (const part of chatCompletion(request, connection(turn, options))) {
      if ("runID" in part) turn.message.runID = part.runID ?? turn.runID;
      else if (part.finish) end = part;
      else hear(part);
    }
    if (!end) throw new Error("The stream broke off.");
    return outcome(end);
  });
}

/** A picture of what the last message asks for. */
export function paint(turn, before, options) {
  return ended(async () => {
    const { model } = options.request;
    const request = { ...(model ? { model } : {}), prompt: before.at(-1).content };
    try {
      turn.message.picture = await picture(request, connection(turn, options));
    } catch (error) {
      if (![404, 405, 501].includes(error.status)) throw error;
      options.withoutImages();
      throw new Error("This engine makes no pictures.");
    }
    return turn.message.picture ? { state: "completed" } : { state: "stopped", reason: "user_stop" };
  });
}

const connection = ({ runID, controller }, { engineKey }) => ({ key: engineKey, runID, signal: controller.signal });

function outcome({ finish, stopReason, evidence }) {
  if (stopReason?.startsWith("guard:")) return { state: "capped", reason: stopReason, detector: stopReason.slice(6), evidence };
  if (stopReason === "user_stop" || stopReason === "tree_stop") return { state: "stopped", reason: stopReason };
  return { state: "completed", text: finish === "length" ? "The limit of tokens is reached." : null };
}

/** What the work says, or what its failure means. `lost` is a connection that is gone without a word. */
async function ended(work) {
  try {
    return await work();
  } catch (error) {
    if (error.name === "AbortError") return { state: "disconnected", text: "The connection was closed." };
    if (error.status === 499) return { state: "stopped", reason: "user_stop" };
    return { state: "failed", text: error.message, lost: error.status === 0 };
  }
}
