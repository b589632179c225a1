"""The stop button's machine by itself: every state, every event, in every order."""

MACHINE = """
const { idle, isLive, isStopping, label, next } = await load("stop-button.js");
const run = (events) => {
  let state = idle;
  const effects = [];
  for (const event of events) {
    const [after, todo] = next(state, event);
    state = after;
    effects.push(...todo.map((one) => one.type));
  }
  return { phase: state.phase, owner: state.owner, effects };
};
"""


def value(page, code):
    page.open()
    found = page.module(MACHINE + code)
    assert "error" not in found, found
    return found["value"]


def test_news_for_nobody_changes_nothing(runs):
    """A button without a run is no match for a late event, whatever owner that names."""
    found = value(runs, """
        const events = ["click", "accepted", "refused", "failed", "observed", "late", "terminal"];
        return events.flatMap((type) => ["a", null, undefined].map((owner) => run([{ type, owner }])));
    """)
    assert all(one == {"phase": "idle", "owner": None, "effects": []} for one in found)


def test_no_event_of_an_earlier_owner_changes_anything(runs):
    found = value(runs, """
        const events = ["click", "accepted", "refused", "failed", "observed", "late", "terminal"];
        return events.map((type) => run([
          { type: "start", owner: "a" }, { type: "click", owner: "a" }, { type: "start", owner: "b" }, { type, owner: "a" },
        ]));
    """)
    assert all(one == {"phase": "running", "owner": "b", "effects": ["post", "release"]} for one in found)


def test_every_order_of_events_keeps_the_promises(runs):
    """All sequences of six events: at most one request for each click that was allowed, settled only by the gateway, and
    never again live."""
    found = value(runs, """
        const kinds = [
          { type: "click" }, { type: "accepted" }, { type: "refused", reason: "already_finished", ended: true },
          { type: "failed" }, { type: "observed" }, { type: "late" }, { type: "terminal" },
        ];
        const broken = [];
        let count = 0;
        const walk = (state, path, posts, failures) => {
          count += 1;
          if (posts > failures + 1) broken.push(["requests", path]);
          if (path.length === 6) return;
          for (const kind of kinds) {
            const [after, effects] = next(state, { ...kind, owner: "a" });
            const told = kind.type === "terminal" || (kind.type === "refused" && kind.ended);
            if (after.phase === "settled" && state.phase !== "settled" && !told) broken.push(["optimistic", [...path, kind.type]]);
            if (state.phase === "settled" && isLive(after)) broken.push(["risen", [...path, kind.type]]);
            const sent = effects.filter((one) => one.type === "post").length;
            const failed = state.phase === "requesting" && kind.type === "failed" ? 1 : 0;
            walk(after, [...path, kind.type], posts + sent, failures + failed);
          }
        };
        walk(next(idle, { type: "start", owner: "a" })[0], [], 0, 0);
        return { count, broken: broken.slice(0, 5) };
    """)
    assert found["count"] > 100_000 and not found["broken"], found


def test_what_the_button_says(runs):
    found = value(runs, """
        const at = (phase, boundary = false) => label({ phase, boundary, owner: "a" }, 3);
        return [at("running"), label({ phase: "running" }, 0), at("requesting"), at("stopping", true), at("overdue")];
    """)
    assert found == ["Stop run + 3", "Stop", "Stopping…", "Stopping… (after current LLM call completes)", "Force stop"]
