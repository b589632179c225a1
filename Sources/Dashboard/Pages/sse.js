// Server-sent events out of a fetched body. EventSource cannot send headers, and the control key is one.

/** The events of a response, as `{id, event, data}`. Comments come as events without data: a sign of life. */
export async function* serverSentEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = fresh();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop();
      for (const line of lines) {
        if (line === "") {
          if (event.lines.length) yield { id: event.id, event: event.name, data: event.lines.join("\n") };
          event = fresh();
        } else if (line.startsWith(":")) {
          yield { id: null, event: "comment", data: null };
        } else {
          read(line, event);
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

const fresh = () => ({ id: null, name: "message", lines: [] });

function read(line, event) {
  const colon = line.indexOf(":");
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (field === "data") event.lines.push(value);
  else if (field === "event") event.name = value;
  else if (field === "id") event.id = value;
}
