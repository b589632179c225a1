"""Healthy text that repeats itself by nature: what a guard must leave alone."""

import base64
import json

from entry import healthy
from words import ADJECTIVES, ADVERBS, NAMES, NOUNS, PLACES, TONGUES, VERBS, foreign, prose, sentence


def lines(count, line):
    return "\n".join(line(n) for n in range(count)) + "\n"


def fenced(language, text):
    return f"```{language}\n{text.rstrip()}\n```\n"


def escaped(text):
    return json.dumps(text, ensure_ascii=False)[1:-1]


def running(dice):
    """Plain prose in eight languages, long and short, as answer and as reasoning."""
    for index in range(24):
        channel = "reasoning" if index % 3 == 2 else "content"
        yield healthy("prose", channel).add(prose(dice, 2000 + 900 * (index % 8)))
    for index in range(16):
        tongue = list(TONGUES)[index % len(TONGUES)]
        channel = "reasoning" if index % 2 else "content"
        yield healthy("prose", channel).add(foreign(dice, tongue, 2500 + 300 * index))


def tables(dice):
    """Tables with cells that are mostly the same."""
    for index in range(20):
        cells = dice.sample(["yes", "no", "none", "-", "0", "n/a", "pending", "", "ok"], 2)
        columns = 3 + index % 4
        head = "| " + " | ".join(dice.sample(NOUNS, columns)) + " |\n|" + " --- |" * columns + "\n"
        body = lines(30 + 5 * index, lambda n: f"| {dice.choice(NOUNS)} {n} | " + " | ".join(dice.choice(cells) for _ in range(columns - 1)) + " |")
        yield healthy("table").add(sentence(dice) + "\n\n" + head + body + "\n" + sentence(dice))
    for index in range(6):
        # Many rows that are wholly the same.
        row = "| " + " | ".join(["0"] * (3 + index)) + " |"
        yield healthy("table").add("The matrix of distances before the first step:\n\n" + lines(24 + 6 * index, lambda n: row) + "\nNow the first step.")


def enumerations(dice):
    """Long lists in which every item begins or ends alike."""
    for index in range(24):
        noun, adjective, place = dice.choice(NOUNS), dice.choice(ADJECTIVES), dice.choice(PLACES)
        make = [
            lambda n: f"- The {adjective} {noun} of the town of {dice.choice(PLACES)} (district {n})",
            lambda n: f"{n + 1}. {dice.choice(VERBS).capitalize()} by {dice.choice(NAMES)}, {1700 + n * 3}",
            lambda n: f"- 10.0.{n // 8}.{n * 3 % 251} (port 22 open)",
            lambda n: f"* {noun}-{n:03}: {dice.choice(ADJECTIVES)} {dice.choice(NOUNS)}",
            lambda n: f"https://docs.example.org/reference/manual/chapters/{dice.choice(NOUNS)}/{n}",
            lambda n: f"{n + 1}. **{dice.choice(NOUNS).capitalize()}**: {sentence(dice)}",
        ][index % 6]
        channel = "reasoning" if index % 4 == 3 else "content"
        yield healthy("list", channel).add(f"All that there are in {place}:\n\n" + lines(40 + 3 * index, make) + "\nThat is all.")


def checklists(dice):
    for index in range(12):
        text = ""
        for section in range(6):
            text += f"## {dice.choice(NOUNS).capitalize()}\n\n" + lines(9, lambda n: f"- [{'x' if dice.random() < 0.5 else ' '}] {dice.choice(['Check', 'Clean', 'Replace', 'Test'])} the {dice.choice(NOUNS)}")
            text += "- [ ] Sign and date the sheet\n- [ ] Hand the sheet to the foreman\n\n"
        yield healthy("checklist").add(text)


def code(dice):
    """Tests, getters, arms of a match, inserts, imports: boilerplate in many languages, fenced and bare."""
    def words(n):
        return [dice.choice(NOUNS) for _ in range(n)]

    makers = [
        ("python", lambda: "".join(f'def test_{a}_{n}(self):\n    self.client.login("admin", "secret")\n    response = self.client.get("/{a}/{n}")\n    self.assertEqual(response.status_code, 200)\n\n' for n, a in enumerate(words(25)))),
        ("java", lambda: "".join(f"    public String get{a.capitalize()}() {{\n        return this.{a};\n    }}\n\n    public void set{a.capitalize()}(String {a}) {{\n        this.{a} = {a};\n    }}\n\n" for a in words(25))),
        ("rust", lambda: "match kind {\n" + "".join(f'    Kind::{a.capitalize()} => Ok(Value::from("{a}")),\n' for a in words(60)) + "}\n"),
        ("sql", lambda: lines(90, lambda n: f"INSERT INTO places (id, name, size) VALUES ({n}, '{dice.choice(NOUNS)}', {n * 37});")),
        ("go", lambda: "".join(f"\tif err := check{a.capitalize()}(ctx); err != nil {{\n\t\treturn nil, err\n\t}}\n" for a in words(40))),
        ("typescript", lambda: lines(45, lambda n: f"import {{ Widget{n} }} from '@acme/design-system/components/widgets/{dice.choice(NOUNS)}'")),
        ("c", lambda: lines(120, lambda n: f"fillBox({n % 32}, {n // 32}, {n * 5 % 17}, {n % 7}, 1, 2, \"stone\");")),
        ("swift", lambda: "".join(f"    func {b}() {{\n        guard isReady else {{ return }}\n        error.clear()\n        {a}.{b}()\n    }}\n\n" for a, b in zip(words(30), [dice.choice(VERBS) for _ in range(30)]))),
        ("css", lambda: "".join(f".{a}-{n} {{\n  margin: 0;\n  padding: 0;\n  border: none;\n}}\n\n" for n, a in enumerate(words(40)))),
        ("html", lambda: "<table>\n" + "".join(f"  <tr>\n    <td>{a}</td>\n    <td>0</td>\n    <td>0</td>\n  </tr>\n" for a in words(40)) + "</table>\n"),
        ("yaml", lambda: "".join(f"- name: {a}\n  image: alpine\n  restart: always\n  ports: []\n" for a in words(50))),
        ("asm", lambda: lines(90, lambda n: f"    mov eax, [rsi + {n * 4}]\n    add eax, ebx\n    mov [rdi + {n * 4}], eax")),
        ("ruby", lambda: "".join(f"def {b}_{n}(user)\n  return nil if user.nil?\n  user.{b}!\nend\n\n" for n, b in enumerate([dice.choice(VERBS) for _ in range(30)]))),
    ]
    for index in range(52):
        language, make = makers[index % len(makers)]
        text = make()
        where = index // len(makers)
        if where == 0:
            yield healthy("code").add("Here it is:\n\n" + fenced(language, text) + "\n" + sentence(dice))
        elif where == 1:
            yield healthy("code").add(text)
        elif where == 2:
            yield healthy("code", "reasoning").add(prose(dice, 500) + fenced(language, text))
        else:
            yield healthy("code").call("write_file", f'{{"path":"out/{dice.choice(NOUNS)}","content":"').add(escaped(text), "arguments").add('"}', "arguments")


def data(dice):
    """JSON, CSV, XML and configuration of alike records."""
    for index in range(12):
        rows = [{"id": n, "name": dice.choice(NOUNS), "active": True, "tags": [], "parent": None, "size": {"w": 0, "h": 0}} for n in range(40 + index * 4)]
        text = json.dumps(rows, indent=[None, 1, 2][index % 3])
        if index % 4 == 3:
            yield healthy("json").call("create_records", '{"records":').add(text, "arguments").add("}", "arguments")
        elif index % 4 == 2:
            yield healthy("json", request={"response_format": {"type": "json_object"}, "messages": []}).add(text)
        else:
            yield healthy("json").add("The records you asked for:\n\n" + (fenced("json", text) if index % 2 else text))
    for index in range(12):
        text = "name,count,unit,remark\n" + lines(60 + index * 6, lambda n: f"{dice.choice(NOUNS)},{dice.randrange(99)},pieces,{dice.choice(['none', 'none', 'none', 'damaged'])}")
        yield healthy("csv").add(text if index % 3 else fenced("csv", text))
    for index in range(4):
        row = "bolt,12,pieces,no remarks\n"
        yield healthy("csv").add("As asked, a hundred equal rows:\n\n" + fenced("csv", "name,count,unit,remark\n" + row * 100))
    for index in range(6):
        text = "[" + ", ".join(str(dice.randrange(0, [2, 10, 97][index % 3])) for _ in range(400)) + "]"
        yield healthy("json").add("The series: " + text + "\n")


def readings(dice):
    """Records of which every line has been there before: ratings, answers, states, without a number of their own."""
    for index in range(20):
        unit, place = f"{dice.choice(ADJECTIVES)} {dice.choice(NOUNS)}", dice.choice(PLACES)
        make = [
            lambda: {"unit": f"degrees of the {unit}", "value": dice.randrange(10)},
            lambda: {"question": f"How do you like the {unit}?", "rating": dice.randrange(1, 6), "city": place, "verified": dice.random() < 0.5},
            lambda: {"sensor": unit, "state": dice.choice(["open", "closed"])},
            lambda: {"answer": dice.choice(["yes", "no", "do not know"])},
            lambda: {"type": "measurement of " + unit, "position": {"x": dice.randrange(8), "y": dice.randrange(8)}, "alarm": None},
        ][index % 5]
        text = json.dumps([make() for _ in range(90 + 10 * (index % 4))], indent=2)
        if index < 5:
            yield healthy("readings").add("The readings:\n\n" + fenced("json", text))
        elif index < 10:
            yield healthy("readings", request={"response_format": {"type": "json_object"}, "messages": []}).add(text)
        elif index < 15:
            yield healthy("readings").call("create_records", '{"records":').add(text, "arguments").add("}", "arguments")
        else:
            yield healthy("readings").call("write_file", '{"path":"a.json","content":"').add(escaped(text), "arguments").add('"}', "arguments")


def logs(dice):
    for index in range(18):
        clock, rows = dice.randrange(60000), []
        for n in range(60 + 4 * index):
            clock += dice.randrange(1, 40)
            level = dice.choice(["INFO", "INFO", "INFO", "WARN", "DEBUG"])
            message = dice.choice(["heartbeat ok", "connection accepted", f"GET /{dice.choice(NOUNS)} 200", f"worker {dice.randrange(8)} finished {dice.choice(NOUNS)}", "cache miss", "heartbeat ok"])
            rows.append(f"2026-02-11T{clock // 3600 % 24:02}:{clock // 60 % 60:02}:{clock % 60:02}Z {level} [{dice.choice(NOUNS)}] {message}")
        text = "\n".join(rows) + "\n"
        yield healthy("log").add(fenced("", text) if index % 2 else "The log says:\n\n" + text)
    for index in range(4):
        yield healthy("log").add("The log, as it is:\n\n" + fenced("", "execute_command → ok\n" * (60 + 30 * index)) + "\nAll of them were fine.")


def verse(dice):
    """Poems and songs with refrains, litanies, counting rhymes."""
    for index in range(24):
        a, b, c = dice.sample(NOUNS, 3)
        refrain = f"Row on, row on, the night is long,\nthe {a} hums our rowing song,\nand every {b} on the shore\nis one we have not seen before.\n\n"
        text = ""
        for n in range(6):
            if index % 3 == 0:
                text += "\n".join(sentence(dice) for _ in range(4)) + "\n\n" + refrain
            elif index % 3 == 1:
                who = dice.choice(NAMES)
                text += f"{10 - n} {a}s standing by the {c},\n{10 - n} {a}s standing by the {c},\nand if {who} should take one down,\nthere are {9 - n} {a}s by the {c}.\n\n"
            else:
                text += "".join(f"{name} of {dice.choice(PLACES)}, remember us.\n" for name in dice.sample(NAMES, 8)) + "\n"
        channel = "reasoning" if index % 8 == 7 else "content"
        yield healthy("verse", channel).add(text)
    cumulative = []
    for n, noun in enumerate(dice.sample(NOUNS, 10)):
        cumulative.insert(0, f"the {noun} that {dice.choice(VERBS)} the {dice.choice(NOUNS)}")
        yield_text = "".join("This is " + ",\n  and ".join(cumulative[-k:]) + ".\n\n" for k in range(1, n + 2))
    yield healthy("verse").add(yield_text)


def pictures(dice):
    """ASCII art, boxes, progress bars, boards, maps of tiles."""
    for index in range(20):
        width = 20 + 3 * index
        art = [
            lambda: lines(14, lambda n: " " * (14 - n) + "*" * (2 * n + 1)),
            lambda: lines(12, lambda n: "#" * width if n in (0, 11) else "#" + " " * (width - 2) + "#"),
            lambda: lines(20, lambda n: "".join(dice.choice("..#~^") for _ in range(width))),
            lambda: lines(12, lambda n: f"[{'=' * (n * 3)}>{' ' * (36 - n * 3)}] {n * 8}%"),
            lambda: "\n".join("+---" * 8 + "+\n" + "|   " * 8 + "|" for _ in range(8)) + "\n" + "+---" * 8 + "+\n",
            lambda: lines(6, lambda n: "┌" + "─" * width + "┐\n│" + " " * width + "│\n└" + "─" * width + "┘"),
            lambda: lines(20, lambda n: "[" + "0, " * 19 + "0],"),
        ][index % 7]()
        text = prose(dice, 300).rstrip() + "\n\n" + (art if index % 4 == 3 else fenced("", art)) + prose(dice, 200)
        yield healthy("picture").add(text)
    for unit, count in [("😊", 60), ("=", 400), ("-", 500), ("\n", 400), (". ", 300), ("🎉🥳", 50), ("| | |\n", 80), ("~", 700)]:
        yield healthy("picture").add(sentence(dice) + "\n").add(unit, times=count).add("\n" + sentence(dice))


def bytes_as_text(dice):
    """Base64, hexadecimal dumps, checksums, sequences of bases, random keys."""
    for index in range(14):
        raw = bytes(dice.choice([0, 0, 0, 255, dice.randrange(256)]) for _ in range(1500))
        if index % 3 == 0:
            text = base64.b64encode(raw if index % 2 else bytes(900)).decode()
        elif index % 3 == 1:
            text = lines(60, lambda n: f"{n * 16:08x}  " + " ".join(f"{byte:02x}" for byte in raw[n * 16 : n * 16 + 16]))
        else:
            text = "".join(dice.choice("ACGT") for _ in range(2400))
        if index % 2:
            yield healthy("bytes").call("write_file", '{"path":"a.bin","data":"').add(escaped(text), "arguments").add('"}', "arguments")
        else:
            yield healthy("bytes").add("The contents:\n\n" + fenced("", text))


def arithmetic(dice):
    """Long division, tables, sums step by step, sequences, proofs by cases."""
    for index in range(20):
        a, b = dice.randrange(100, 99999), dice.randrange(3, 99)
        if index % 5 == 0:
            text, rest = f"{a} divided by {b}:\n\n", 0
            for digit in str(a) + "000000000000000000":
                rest = rest * 10 + int(digit)
                text += f"Bring down the {digit}: {rest}. {b} goes into {rest} {rest // b} times; {rest} - {rest // b * b} = {rest % b}.\n"
                rest %= b
        elif index % 5 == 1:
            text = "".join(lines(12, lambda n: f"{row} x {n + 1} = {row * (n + 1)}") + "\n" for row in range(1, 13))
        elif index % 5 == 2:
            total, text = 0, ""
            for n in range(45):
                step = dice.randrange(90)
                text += f"Step {n + 1}: we add {step} to {total}, which gives {total + step}.\n"
                total += step
        elif index % 5 == 3:
            text = ", ".join(str(n * b) for n in range(500)) + ".\n"
        else:
            text = "".join(f"Case {n}: let x = {n}. Then x^2 + {b} = {n * n + b}, which is {'even' if (n * n + b) % 2 == 0 else 'odd'}.\n\n" for n in range(28))
        yield healthy("arithmetic", "reasoning" if index % 2 else "content").add(text)


def documents(dice):
    """Contracts, recipes, minutes, timetables, letters: forms filled in many times."""
    for index in range(24):
        text = ""
        for n in range(10):
            if index % 4 == 0:
                text += f"§ {n + 1} {dice.choice(NOUNS).capitalize()}\n\nThe Party of the first part shall not, without the prior written consent of the Party of the second part, have the {dice.choice(NOUNS)} {dice.choice(VERBS)}. {sentence(dice)} This clause shall survive the termination of this Agreement.\n\n"
            elif index % 4 == 1:
                text += f"{n + 1}. Take the {dice.choice(NOUNS)} and {dice.choice(['stir', 'heat', 'cool', 'cut', 'wash'])} it for {dice.randrange(2, 40)} minutes. {sentence(dice)} Put the lid back on.\n"
            elif index % 4 == 2:
                text += "".join(f"{6 + n}:{m:02} {dice.choice(PLACES)} - {dice.choice(PLACES)}, daily except Sundays\n" for m in range(5, 60, 15))
            else:
                text += f"#### Résultats\n\n{prose(dice, 260)}\n\n#### Remarques\n\n{sentence(dice)}\n\n"
        yield healthy("document").add(text)


def translations(dice):
    for index in range(10):
        tongue = ["de", "fr", "es", "ru", "ja"][index % 5]
        text = "".join(f"**English:** {sentence(dice)}\n**Translation:** {foreign(dice, tongue, 60).strip()}\n\n" for _ in range(22))
        yield healthy("translation").add(text)


def diffs(dice):
    for index in range(14):
        text = ""
        for n in range(9):
            path, old, new = f"src/{dice.choice(NOUNS)}.py", dice.choice(NOUNS), dice.choice(NOUNS)
            text += f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -{n * 9 + 1},5 +{n * 9 + 1},5 @@\n     return self\n \n-    def {old}(self):\n+    def {new}(self):\n         pass\n \n"
        if index % 3 == 2:
            yield healthy("diff").call("apply_patch", '{"patch":"').add(escaped(text), "arguments").add('"}', "arguments")
        else:
            yield healthy("diff").add(fenced("diff", text) if index % 3 else text)


def thinking(dice):
    """Long reasoning that comes back to the same question and gets further each time."""
    turns = ["Wait, ", "Hmm, ", "Let me reconsider. ", "Actually, ", "But wait, ", "Okay, so ", "Let me check this again. ", "Alternatively, "]
    for index in range(30):
        goal, text = f"the {dice.choice(ADJECTIVES)} {dice.choice(NOUNS)}", ""
        for n in range(10 + index):
            text += dice.choice(turns) + f"what about {goal}? {sentence(dice)} {sentence(dice)} "
            if index % 2:
                text += f"So in `{dice.choice(NOUNS)}_{n}` the value would be {dice.randrange(999)}. "
            text += "That does not settle it yet.\n\n" if n % 3 else "\n\n"
        yield healthy("reasoning", "reasoning").add(text + f"So {goal} it is.").add("Here is the answer. " + sentence(dice), "content")


def hypotheses(dice):
    """Going through cases one by one in the same words."""
    for index in range(12):
        text = ""
        for n in range(14):
            text += f"Hypothesis {n + 1}: the {dice.choice(NOUNS)} is {dice.choice(ADJECTIVES)}. Evidence for: {sentence(dice)} Evidence against: {sentence(dice)} Verdict: {dice.choice(['unlikely', 'possible', 'ruled out'])}.\n\n"
        yield healthy("reasoning", ["reasoning", "content"][index % 2]).add(text)


def reference(dice):
    """Documentation and change logs."""
    for index in range(18):
        text = ""
        for n in range(14):
            name = dice.choice(NOUNS)
            if index % 3 == 0:
                text += f"### `get_{name}_{n}(self)`\n\nReturns the {name} of the current object as a string.\n\n**Returns:** `str`\n\n"
            elif index % 3 == 1:
                text += f"## 1.{14 - n}.0\n\n- Fixed a crash when the {name} was {dice.choice(VERBS)} {dice.choice(ADVERBS)}\n- Updated dependencies\n- Improved performance of the {dice.choice(NOUNS)}\n\n"
            else:
                text += f"`--{name}-{n}` *path*\n:   The {name} to be used. Defaults to none. May be given more than once.\n\n"
        yield healthy("reference").add(text)


def dialogues(dice):
    for index in range(12):
        a, b = dice.sample(NAMES, 2)
        text = "".join(f"{a}: {dice.choice(['Yes.', 'No.', 'Perhaps.', 'I see.', sentence(dice)])}\n{b}: {sentence(dice)}\n" for _ in range(30))
        yield healthy("dialogue").add(text)


def asked_for(dice):
    """Repetition that the user asked for."""
    for index, text in enumerate([
        "I must not talk in class when others work.\n" * 20,
        "All work and no play is a dull way to spend a day.\n" * 15,
        "Happy birthday! 🎂 " * 30,
        "La la la, " * 40,
        lines(100, lambda n: str(n + 1)),
        lines(400, lambda n: str(n + 1)),
        ", ".join(str(n) for n in range(1000)),
        "test " * 100,
        "A" * 900,
        "\n\n".join(prose(dice, 900, 0) for _ in range(1)) * 2,
        lines(60, lambda n: f"{n + 1}. Lorem ipsum number {n + 1}"),
        "ha" * 300,
    ]):
        yield healthy("asked-for").add(sentence(dice) + "\n\n" if index % 2 else "").add(text).add("\n" + sentence(dice))


def markup(dice):
    """LaTeX, SVG, XML, notation of games and music."""
    for index in range(16):
        text = [
            lambda: "\\begin{pmatrix}\n" + lines(20, lambda n: " & ".join("1" if n == m else "0" for m in range(20)) + " \\\\") + "\\end{pmatrix}\n",
            lambda: "<svg>\n" + lines(60, lambda n: f'  <circle cx="{n * 7}" cy="{dice.randrange(300)}" r="4" fill="black" />') + "</svg>\n",
            lambda: " ".join(f"{n + 1}. {dice.choice(['Nf3', 'e4', 'd4', 'Bc4', 'O-O', 'Re1'])} {dice.choice(['Nf6', 'e5', 'd5', 'Bc5', 'O-O', 'Re8'])}" for n in range(70)) + "\n",
            lambda: lines(24, lambda n: "|: " + " ".join(dice.choice(["C2", "G2", "A2", "E2"]) for _ in range(8)) + " :|"),
        ][index % 4]()
        yield healthy("markup").add(text if index % 8 < 4 else fenced("", text))


ALL = [
    running, tables, enumerations, checklists, code, data, readings, logs, verse, pictures, bytes_as_text, arithmetic, documents,
    translations, diffs, thinking, hypotheses, reference, dialogues, asked_for, markup,
]
