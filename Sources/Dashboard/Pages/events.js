// A stream of the gateway's events that mends itself: it goes on after the last event it has seen.
import { request } from "./api.js";
import { serverSentEvents } from "./sse.js";

const silence = 40_000; // The gateway says something every 15 s; after this long the connection is taken for dead.
const waits = [250, 500, 1000, 2000, 4000, 8000];

export class EventFeed {
  /**
   * @param url      where the events are
   * @param onEvent  called with (name, data)
   * @param onStatus called with "live", "waiting" (for the next attempt) or "refused"
   */
  constructor(url, { onEvent, onStatus = () => {} }) {
    this.url = url;
    this.onEvent = onEvent;
    this.onStatus = onStatus;
    this.lastID = null;
    this.running = false;
    this.ending = false;
  }

  start() {
    if (this.running) return;
    this.running = true;
    this.#follow(new AbortController());
  }

  /** Closes the connection. Whatever runs goes on: to look away stops nothing. */
  stop() {
    this.running = false;
    this.controller?.abort();
    clearTimeout(this.timer);
  }

  /** The stream will be closed by the gateway; that is then its end and no reason to come back. */
  endWithNextClose() {
    this.ending = true;
  }

  async #follow(controller) {
    this.controller = controller;
    for (let attempt = 0; this.running && this.controller === controller; ) {
      try {
        const headers = { Accept: "text/event-stream" };
        if (this.lastID !== null) headers["Last-Event-ID"] = this.lastID;
        const answer = await request(this.url, { headers, signal: controller.signal });
        this.onStatus("live");
        attempt = 0;
        for await (const event of serverSentEvents(this.#watched(answer.body, controller))) this.#take(event);
      } catch (failure) {
        if (failure.status >= 400 && failure.status < 500) {
          this.running = false;
          return this.onStatus("refused", failure);
        }
      }
      clearTimeout(this.timer);
      if (!this.running || this.ending || this.controller !== controller) break;
      this.onStatus("waiting");
      await this.#pause(waits[Math.min(attempt, waits.length - 1)]);
      attempt += 1;
      if (controller.signal.aborted && this.running) controller = this.controller = new AbortController();
    }
  }

  #take({ id, event, data }) {
    if (id !== null) this.lastID = id;
    if (data === null || !this.running) return;
    let value;
    try {
      value = JSON.parse(data);
    } catch {
      return console.warn("an event that is no JSON", event);
    }
    this.onEvent(event, value);
  }

  /** The body, with a clock that ends it when nothing comes. */
  #watched(body, controller) {
    const rewind = () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => controller.abort(), silence);
    };
    rewind();
    return body.pipeThrough(
      new TransformStream({
        transform(chunk, out) {
          rewind();
          out.enqueue(chunk);
        },
      }),
    );
  }

  /** Waits, or less when the network comes back. */
  #pause(milliseconds) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        removeEventListener("online", done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      addEventListener("online", done);
    });
  }
}

/** Follows a feed while the page can be seen; a browser allows six connections to one server for all its tabs. */
export function followWhileVisible(feed, onReturn = () => {}) {
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return feed.stop();
    feed.start();
    onReturn();
  });
  addEventListener("pageshow", (event) => event.persisted && onReturn());
  if (!document.hidden) feed.start();
}
