"""Loops in text: everything that a model has been seen to fall into, with the noise that real ones have."""

import json

from entry import loop
from words import ADJECTIVES, NAMES, NOUNS, PLACES, TONGUES, VERBS, foreign, prose, sentence

ENGLISH = [
    "Let me take another look at the file before I go on. ",
    "I see the problem now. Let me fix the import and run the tests once more. ",
    "I will wait for the next instruction of the user. ",
    "The answer is therefore the one given above. ",
    "I apologise for the confusion, let me try that again.\n",
    "Now I will write the function that was asked for:\n",
    "To summarise, the result depends on the input, and the input depends on the result. ",
    "Thank you for your patience! Is there anything else I can help you with today?\n\n",
    "Let me know when you are ready, and I will continue with the next step. ",
    "We need to be careful here, since the index starts at zero and not at one. ",
    "I should probably use the other tool for this, because this one did not work.\n",
    "As an assistant I aim to be helpful, honest and brief. ",
]


# How long loops without a period are, in bytes. Real ones go on to the limit on tokens; the repository is to stay small.
SIZES = {"content": 18000, "reasoning": 15000}


def opening(dice, kind):
    """What comes before the loop: nothing, a line, or an answer that begins well."""
    size = {"none": 0, "line": 60, "answer": 900, "long": 7000}[kind]
    return prose(dice, size) if size else ""


def char(dice):
    """One to seven bytes over and over."""
    units = ["a", "!", "0", "-", ".", "?!", "！", "商店", "😂", "ha", "\n", "👍🏽"[:1], "no", "█", "~ ", "=>", "AB ", "ok,"]
    for index, unit in enumerate(units):
        entry = loop("char").add(opening(dice, ["none", "line", "answer"][index % 3]))
        yield entry.loop().add(unit, times=dice.randrange(9000, 14000) // len(unit.encode()))
    for unit in ["The ", "!", "？", "0 "]:
        entry = loop("char", "reasoning").add(opening(dice, "answer"))
        yield entry.loop().add(unit, times=6000 // len(unit.encode()))


def word(dice):
    """Eight to thirty-one bytes."""
    units = [
        "I'll do it.\n", "parameter>\n", "</tool_call>\n", "confirmed, ", "and then again, ", "Okay.\n\nOkay.\n\n",
        "very, very good ", "не знаю, ", "我不知道。", "わかりません。", "لا أعرف. ", "court of appeal, ", "Stop. Go. Stop. ",
        "<|endoftext|>", "assistant\n\n", "Yes! No! Maybe! ", "TODO: fix\n", "[1][2][3][4]",
    ]
    for index, unit in enumerate(units):
        channel = "reasoning" if index % 4 == 3 else "content"
        entry = loop("word", channel).add(opening(dice, ["line", "none", "answer"][index % 3]))
        yield entry.loop().add(unit, times=9000 // len(unit.encode()))


def sentences(dice):
    """One sentence, in eight languages."""
    units = ENGLISH + [unit for tongue in TONGUES.values() for unit in tongue["loops"]]
    for index, unit in enumerate(units):
        channel = "reasoning" if index % 5 == 4 else "content"
        entry = loop("sentence", channel).add(opening(dice, ["answer", "none", "line"][index % 3]))
        yield entry.loop().add(unit, times=9000 // len(unit.encode()))


def alternation(dice):
    """Two to four sentences in turn."""
    for index in range(16):
        units = dice.sample(ENGLISH, 2 + index % 3)
        channel = "reasoning" if index % 3 == 2 else "content"
        entry = loop("alternation", channel).add(opening(dice, ["none", "answer"][index % 2]))
        yield entry.loop().add("".join(units), times=9000 // len("".join(units)))
    for tongue in ("de", "fr", "ru", "zh"):
        text = "\n".join(TONGUES[tongue]["loops"]) + "\n"
        yield loop("alternation").add(foreign(dice, tongue, 600)).loop().add(text, times=9000 // len(text.encode()))


def disorder(dice):
    """A few lines or sentences in changing order: there is no period."""
    for index in range(24):
        units = [unit.rstrip() for unit in dice.sample(ENGLISH, 3 + index % 3)]
        ending = "\n" if index % 2 else " "
        channel = "reasoning" if index % 4 == 0 else "content"
        entry = loop("disorder", channel).add(opening(dice, ["answer", "line"][index % 2])).loop()
        while entry.sizes[channel] - entry.start < (SIZES[channel] if ending == " " else 6000):
            entry.add(dice.choice(units) + ending)
        yield entry


def paragraph(dice):
    """Four hundred to four thousand bytes, three times and more."""
    for index in range(26):
        size = [400, 550, 764, 1000, 1300, 1700, 2000, 2200, 3000, 3900][index % 10]
        channel = "reasoning" if index % 4 == 1 else "content"
        tongue = [None, None, "de", None, "zh", "ru"][index % 6]
        unit = (foreign(dice, tongue, size - 60) if tongue else prose(dice, size - 60, 0)).strip() + "\n\n"
        entry = loop("paragraph", channel).add(opening(dice, ["none", "line", "answer"][index % 3]))
        yield entry.loop().add(unit, times=max(8, 12000 // len(unit.encode())))


def code(dice):
    """Blocks and lines of code, fenced and not."""
    for index in range(10):
        name = dice.choice(NOUNS)
        lines = [f"    {dice.choice(NOUNS)}_{n} = {dice.choice(VERBS)}({name}[{n}], {dice.randrange(900)})" for n in range(6 + 9 * index)]
        unit = f"def {name}_{dice.choice(VERBS)}({name}):\n" + "\n".join(lines) + f"\n    return {name}\n\n"
        unit = unit[:4000]
        fence = "" if index % 3 == 2 else f"Here is the module:\n\n```python\n"
        yield loop("code").add(fence).loop().add(unit, times=max(8, 14000 // len(unit)))
    for unit in [
        "    return None\n", "        }\n", "import os\n", "  <div class=\"row\"></div>\n", "std::vector<int> values;\n",
        "    assert result == expected\n", "\\end{aligned}\n", "  - name: install\n    run: make\n", "&nbsp;", "\t\t\t\t",
        "#include <stdio.h>\n", "    console.log(value);\n    await sleep(100);\n",
    ]:
        yield loop("code").add("Sure:\n\n```\nbegin\n").loop().add(unit, times=12000 // len(unit))


def rows(dice):
    """Table rows, list items and objects without end."""
    for unit in [
        "| 1 | pending | none |\n", "| --- | --- | --- |\n", "- [ ] Check the result\n", "* Item\n",
        "<tr><td>0</td><td>0</td></tr>\n", "0,0,0,0,0,0\n", "  {\"id\": 1, \"name\": \"item\", \"tags\": []},\n",
        "  null,\n", "> > > quoted\n", "2024;12;ok;none;-;-\n", "1. First step\n2. Second step\n3. Third step\n",
        "- apples\n- pears\n- plums\n- cherries\n", "|  |  |  |  |\n", "Q: What is it?\nA: It is it.\n\n",
        "  \"values\": [0, 0, 0, 0],\n", "+-----+-----+-----+\n|     |     |     |\n",
    ]:
        yield loop("rows").add(opening(dice, "line") + "\n\n").loop().add(unit, times=14000 // len(unit))


def json_runaway(dice):
    """JSON mode: white space, brackets and members without end."""
    request = {"response_format": {"type": "json_object"}, "messages": [{"role": "user", "content": "As JSON."}]}
    for head, unit in [
        ('{"name": "' + dice.choice(NAMES) + '",', "\n"), ('{"items": [', " "), ('{"a": 1', "\t"), ('{"text": "', "\\n"),
        ("{", '"a":{'), ("[", "["), ('{"list":["x"', ',"x"'), ('{"rows":[', '{"id":0,"name":"","value":null},'),
        ('{"answer": "', "it is what it is and "), ('{"n": 0.', "3"), ('{"n": 1', "0"), ("{\n", "  \n"),
        ('{"summary": "', "The lantern of the harbour was repaired, and the harbour was glad of the lantern. "),
    ]:
        yield loop("json", request=request).add(head).loop().add(unit, times=16000 // len(unit))


def counter(dice):
    """Lines and sentences in which only a number changes."""
    forms = [
        "Attempt {n}: the server did not answer, so I will try again.\n",
        "{n}. Check the configuration of the service and restart it when something has changed.\n",
        "Step {n}: I look at the file again and find that nothing has changed. ",
        "Iteration {n} is complete, moving on to iteration {m}.\n",
        "Versuch {n}: Die Verbindung wurde abgelehnt, ich versuche es noch einmal.\n",
        "Retrying in {n} seconds, please wait until the connection is established.\n",
        "We have tried this {n} times now without success, let us try it once more. ",
        "В попытке {n} сервер снова не ответил, пробую ещё раз.\n",
        "Round {n}: the reviewer asks the author, and the author asks the reviewer.\n\n",
        "Note {n}: see note {m} for the explanation of this note.\n",
    ]
    for index in range(20):
        form = forms[index % len(forms)]
        channel = "reasoning" if index % 2 else "content"
        start = dice.randrange(1, 40)
        entry = loop("counter", channel).add(opening(dice, ["line", "answer"][index % 2])).loop()
        while entry.sizes[channel] - entry.start < SIZES[channel]:
            entry.add(form.format(n=start, m=start + 1))
            start += 1
        yield entry


def timestamp(dice):
    """The same message under a running clock."""
    forms = [
        "[{h:02}:{m:02}:{s:02}] Waiting for the build to finish, still no output from the worker.\n",
        "2026-03-{d:02}T{h:02}:{m:02}:{s:02}Z the queue is empty and the worker is waiting for the next job\n",
        "At {h:02}:{m:02} the lamp was lit, and the keeper wrote in the book that the lamp was lit.\n",
        "({h}:{m:02}) Still thinking about the same question as before, and still no answer to it. ",
    ]
    for index in range(12):
        channel = "reasoning" if index % 3 == 0 else "content"
        entry, clock = loop("timestamp", channel).add(opening(dice, "line")).loop(), dice.randrange(80000)
        while entry.sizes[channel] - entry.start < SIZES[channel]:
            clock += dice.randrange(1, 75)
            entry.add(
                forms[index % 4].format(
                    d=1 + clock // 86400 % 28, h=clock // 3600 % 24, m=clock // 60 % 60, s=clock % 60
                )
            )
        yield entry


def growing(dice):
    """Each copy a little longer than the one before: indentation, quotation marks, emphasis."""
    makers = [
        lambda n: "  " * (n % 120) + "The list goes on with another list inside it.\n",
        lambda n: ">" * (n % 90) + " I agree with what was said above, word for word.\n",
        lambda n: "This is " + "very " * n + "important.\n",
        lambda n: "Hello" + "o" * (3 * n) + ", is anybody there?\n",
        lambda n: "    " * (n % 60) + "else {\n",
        lambda n: "(" * n + "and so on" + ")" * n + "\n",
        lambda n: "    " * (n % 60) + "if (ready) { check(ready); }\n",
        lambda n: "Please" + "!" * n + " Answer the question that I have asked you.\n",
        lambda n: "- " * (n % 80) + "nested item of the nested list\n",
        lambda n: "the house that Jack built, " * n + "the end.\n",
    ]
    for index, maker in enumerate(makers):
        entry, n = loop("growing").add(opening(dice, ["line", "answer"][index % 2])).loop(), 1
        while entry.sizes["content"] - entry.start < SIZES["content"]:
            entry.add(maker(n))
            n += 1
        yield entry


PROMISES = """I'll do it.|I'll implement it.|I'll start now.|Let me begin.|Now I'll write it.|I'll get going.|Okay, I'll do it
now.|Let me implement it.|I'll start with it.|Let me start.|I'll write it now.|So I'll begin.|Now let me do it.|Let me do this
now.|Right, I'll begin with it.|I'll now start.|Fine, let me write it.|Starting now.|I am going to do it.|Here I go.""".replace("\n", " ").split("|")
FAREWELLS = """Done.|Goodbye.|End.|Finished.|Stop.|Farewell.|The end.|Over.|That is all.|Bye.|Complete.|Exit.|Closing.|Final.|No
more.|Nothing else.|I am done.|It is finished.|Take care.|All done.""".replace("\n", " ").split("|")
DOUBTS = """Wait, but the loop starts at zero.|Hmm, then the last element would be missed.|But wait, maybe the index is one less.|Actually,
no, the index is right.|So the last element is included after all.|Wait, is it though?|Let me reconsider the loop.|Maybe the
loop starts at one.|Then the first element would be missed.|Hmm, that cannot be right either.|Okay, so the index must be
zero.|But if the index is zero, the loop is off by one.|Let me think about this again.|Alternatively, the list could be empty.|If the
list is empty, there is no last element.|So we should check whether the list is empty.|But the list is never empty.|Right, so
that does not matter.|Wait, actually it might.""".replace("\n", " ").split("|")
ZWEIFEL = """Moment, das kann nicht stimmen.|Vielleicht beginnt die Schleife bei eins.|Dann fehlt aber das erste Element.|Also
beginnt sie bei null.|Aber dann fehlt das letzte Element.|Nein, das letzte Element ist dabei.|Moment, ist es das wirklich?|Ich denke
noch einmal darüber nach.|Vielleicht ist die Liste leer.|Die Liste ist nie leer.|Also spielt das keine Rolle.|Oder doch?|Gut, also noch
einmal von vorn.|Die Schleife läuft über die Liste.""".replace("\n", " ").split("|")
SYLLABLES = ["la", "de", "l", "la de", "de l", "le", "da la", "ta", "ta de"]


def reworded(dice):
    """The same thing in other words, in changing order, without a period."""
    pools = [PROMISES, FAREWELLS, DOUBTS, ZWEIFEL, SYLLABLES]
    for index in range(30):
        pool = pools[index % 5]
        channel = "content" if index % 3 == 0 else "reasoning"
        entry = loop("reworded", channel).add(opening(dice, ["answer", "line", "none"][index % 3])).loop()
        gap = dice.choice([" ", " ", "\n", "\n\n"]) if pool is not SYLLABLES else " "
        while entry.sizes[channel] - entry.start < SIZES[channel]:
            entry.add(dice.choice(pool) + (gap if dice.random() < 0.7 else " "))
        yield entry


def variation(dice):
    """One sentence with another name or adjective in each copy."""
    forms = [
        "The {a} {n} is {a2}, and the {a2} {n} is {a}.\n",
        "Next we consider the case of {p}, which is like the case of {p2}.\n",
        "{x} asks {x2}, and {x2} asks {x}, and neither of them knows the answer.\n",
        "Another possibility is that the {n} was {v} by {x}, but this is not supported by the evidence.\n",
    ]
    for index in range(12):
        channel = "reasoning" if index % 2 else "content"
        pools = [dice.sample(words, 6) for words in (ADJECTIVES, NOUNS, PLACES, NAMES, VERBS)]
        entry = loop("variation", channel).add(opening(dice, "answer")).loop()
        while entry.sizes[channel] - entry.start < SIZES[channel]:
            a, n, p, x, v = ([dice.choice(pool), dice.choice(pool)] for pool in pools)
            entry.add(forms[index % 4].format(a=a[0], a2=a[1], n=n[0], p=p[0], p2=p[1], x=x[0], x2=x[1], v=v[0]))
        yield entry


def reasoning(dice):
    """Thinking that goes in circles: whole trains of thought again and again, now and then with a word changed."""
    for index in range(20):
        train = " ".join(dice.sample(DOUBTS, 4 + index % 6)) + " " + " ".join(sentence(dice) for _ in range(index % 3))
        entry = loop("reasoning", "reasoning").add(prose(dice, 1500)).loop()
        copies = max(6, 12000 // len(train))
        if index % 2:
            entry.add(train + "\n\n", times=copies)
        else:
            while entry.sizes["reasoning"] - entry.start < SIZES["reasoning"]:
                noise = dice.choice(["Wait. ", "Hmm. ", "Hold on. ", "", "", "Okay. ", "So, "])
                entry.add(noise + train + "\n\n")
        yield entry


def late(dice):
    """A long healthy answer that ends in a loop."""
    for index in range(20):
        unit = dice.choice(ENGLISH) if index % 2 else "".join(dice.sample(ENGLISH, 3))
        if index % 5 == 0:
            unit = prose(dice, 600, 0) + "\n\n"
        before = prose(dice, 8000 + 600 * index) if index % 4 else foreign(dice, ["de", "fr", "es", "ru", "ja"][index // 4], 9000)
        yield loop("late").add(before).loop().add(unit, times=10000 // len(unit.encode()) + 3)


def stumbling(dice):
    """Copies with a typing error or another word now and then, so that no long stretch is exactly periodic."""
    for index in range(16):
        unit = dice.choice(ENGLISH).rstrip() + ("\n" if index % 2 else " ")
        channel = "reasoning" if index % 3 == 1 else "content"
        entry = loop("stumbling", channel).add(opening(dice, "line")).loop()
        while entry.sizes[channel] - entry.start < SIZES[channel]:
            copy = unit
            if dice.random() < 0.15:
                words = copy.split(" ")
                place = dice.randrange(len(words) - 1)
                words[place] = dice.choice(["well", "so", "hmm", "really", "now"]) + " " + words[place]
                copy = " ".join(words)
            entry.add(copy)
        yield entry


def arguments(dice):
    """Loops inside the arguments of a call, which would be executed."""
    def begin(name, head):
        return loop("arguments", "arguments").call(name, head).loop()

    files = ["notes.md", "src/app.py", "index.html", "data.csv", "README.md", "main.swift"]
    for index, unit in enumerate([
        "server-side scripting ", "TODO\\n", "    pass\\n", "\\n", "<br>", "0,", "and so on ", "\\t", "echo done\\n", "=",
        "The file was written and the file was checked. ", "я не знаю ", "确认一下，", "\\u00e9\\u00e8 ", "{}", "\\\"x\\\", ",
    ]):
        head = json.dumps({"path": files[index % 6], "content": "# " + sentence(dice)})[:-2]
        yield begin("write_file", head).add(unit, times=18000 // len(unit.encode()))
    for index in range(8):
        block = "".join(f"def {dice.choice(NOUNS)}_{n}():\\n    return {dice.randrange(999)}\\n\\n" for n in range(4 + 7 * index))
        yield begin("write_file", '{"path":"lib.py","content":"').add(block, times=20000 // len(block) + 4)
    for unit in [" ", "\n", "\t\n"]:
        yield begin("read_file", '{"path":"a.txt"').add(unit, times=8000 // len(unit))
    for unit in [',{"old":"a","new":"b"}', ",0", ',"src/main.c"']:
        yield begin("edit", '{"edits":[{"old":"a","new":"b"}').add(unit, times=18000 // len(unit))
    for index in range(2):
        entry = begin("write_file", '{"path":"log.txt","content":"')
        for n in range(500):
            entry.add(f"Line {n} of the file is a line of the file.\\n" if index else f"{n}. Check the result of step {n}.\\n")
        yield entry


def inline_calls(dice):
    """Calls written as text into the answer, again and again."""
    for unit in [
        '<tool_call>\n{"name": "read_file", "arguments": {"path": "src/main.c"}}\n</tool_call>\n',
        "<function=bash>\n<parameter=command>\nls -la\n</parameter>\n</function>\n",
        '```json\n{"tool": "search", "query": "lantern"}\n```\n\n',
        "[TOOL_CALLS] [{\"name\": \"list\", \"arguments\": {}}]\n",
        "Action: search\nAction Input: lantern\nObservation: nothing was found\nThought: I should search again.\n",
    ]:
        for channel in ("content", "reasoning"):
            yield loop("inline-calls", channel).add(opening(dice, "line")).loop().add(unit, times=14000 // len(unit))


ALL = [
    char, word, sentences, alternation, disorder, paragraph, code, rows, json_runaway, counter, timestamp, growing, reworded,
    variation, reasoning, late, stumbling, arguments, inline_calls,
]
