"""Tools that a client may offer, requests for them, and what comes back: the material of tool calls in the corpus.

Some values are made of random syllables, so that a call is best learnt by copying the user's words.
"""

import json
from random import Random

HEADER = """# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
"""
FOOTER = """
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>"""

FOLDERS = ["src", "Sources", "lib", "tests", "Tests", "docs", "rules", "app", "web", "tools", "config", "data", "logs", "scripts",
           "notes", "Sources/Guard", "Sources/Gateway", "src/core", "server", "client", "etc", "tmp", "build"]
STEMS = ["main", "index", "default", "README", "config", "server", "client", "app", "test_main", "utils", "report", "notes", "todo",
         "stream", "guard", "engine", "scheduler", "observe", "strict", "model", "parser", "detector", "input", "output", "log",
         "Package", "Makefile", "hello", "data", "users", "settings", "schema", "routes", "summary", "results", "changes"]
ENDINGS = ["swift", "py", "md", "txt", "yaml", "json", "c", "rs", "go", "js", "ts", "toml", "log", "csv", "html", "sh", "sse"]
CITIES = ["Paris", "Berlin", "London", "Rome", "Madrid", "Vienna", "Oslo", "Tokyo", "Lisbon", "Prague", "Dublin", "Athens", "Cairo",
          "Boston", "Chicago", "Seattle", "Toronto", "Sydney", "Delhi", "Lima", "Zurich", "Hamburg", "Munich", "Kyoto", "Helsinki", "Reykjavik",
          "Brussels", "Warsaw", "New York", "Amsterdam"]
WORDS = ["loop", "cancel flag", "finish reason", "token", "timeout", "retry", "scheduler", "error", "TODO", "stream", "detector",
         "budget", "permission denied", "metrics", "rules", "port", "upstream", "evidence", "main", "import", "version", "usage"]
NAMES = ["Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Henry", "Ida", "Jonas", "Karl", "Lena", "Maria", "Nora", "Otto"]
COMMANDS = ["ls", "ls -la", "pwd", "git status", "git log", "git diff", "swift build", "swift test", "make test", "make demo",
            "make lint", "npm test", "npm install", "pytest", "python main.py", "cargo build", "go test ./...", "df -h", "uptime",
            "whoami", "date", "make build", "git pull", "swift package clean", "ps aux", "free -m", "env"]
SYLLABLES = ["ba", "ko", "ri", "ta", "me", "lo", "nu", "si", "ver", "dan", "pel", "tor", "mi", "gra", "fin", "hol", "zu", "qua", "ste",
             "bri", "lan", "os", "ek", "ar", "un", "da", "po", "wi", "xen", "ju", "cal", "mon", "der", "fly", "ph"]


def invented(r: Random) -> str:
    return "".join(r.choice(SYLLABLES) for _ in range(r.randint(2, 3)))


def path(r: Random) -> str:
    folder = r.choice(FOLDERS) if r.random() < 0.88 else invented(r)
    stem = r.choice(STEMS) if r.random() < 0.85 else invented(r)
    file = f"{stem}.{r.choice(ENDINGS)}"
    return file if r.random() < 0.25 else f"{folder}/{file}"


def folder(r: Random) -> str:
    return (r.choice(FOLDERS) if r.random() < 0.88 else invented(r)) + r.choice(["", "", "/"])


def city(r: Random) -> str:
    return r.choice(CITIES) if r.random() < 0.88 else invented(r).capitalize()


def words(r: Random) -> str:
    if r.random() < 0.8:
        return r.choice(WORDS)
    return invented(r) if r.random() < 0.6 else f"{r.choice(WORDS)} {invented(r)}"


def command(r: Random) -> str:
    if r.random() < 0.75:
        return r.choice(COMMANDS)
    return r.choice(["cat {}", "rm {}", "wc -l {}", "head {}", "python {}", "ls {}", "cd {}", "touch {}"]).format(path(r))


def content(r: Random) -> str:
    return r.choice(["hello", "hello world", "Hello!", "done", "yes", "to do", "version: 1", "mode: observe", "nothing yet", "{}"])\
        .replace("{}", invented(r)) if r.random() < 0.75 else f"{invented(r)} {invented(r)}"


def name(r: Random) -> str:
    return r.choice(NAMES) if r.random() < 0.85 else invented(r).capitalize()


def integer(r: Random) -> int:
    return r.choice([r.randint(2, 12), r.randint(10, 99), r.randint(100, 9999)])


class Tool:
    """A tool: its parameters with what makes their values, how it is asked for, what it returns, and what is said then."""

    def __init__(self, name, about, parameters, requests, results, answers, failures=()):
        self.name, self.about, self.parameters = name, about, parameters
        self.requests, self.results, self.answers, self.failures = requests, results, answers, failures

    def definition(self, r: Random, compact: bool) -> str:
        properties = {}
        for parameter, make in self.parameters.items():
            properties[parameter] = {"type": "integer" if make is integer else "string"}
        value = {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.about,
                "parameters": {"type": "object", "properties": properties, "required": list(self.parameters)},
            },
        }
        return json.dumps(value, separators=(",", ":") if compact else (", ", ": "))

    def arguments(self, r: Random) -> dict:
        return {parameter: make(r) for parameter, make in self.parameters.items()}


def call(tool: str, arguments: dict) -> str:
    return f"<tool_call>\n{json.dumps({'name': tool, 'arguments': arguments}, ensure_ascii=False)}\n</tool_call>"


NOT_THERE = ["Error: {path}: no such file or directory", "Error: file not found: {path}"]
SORRY_PATH = ["The file {path} does not exist.", "There is no file {path}.", "I could not find {path}. Is the name right?"]

TOOLS = [
    Tool("read_file", "Read a file", {"path": path},
         ["Read the file {path}.", "Read {path}.", "Open {path}.", "Show me {path}.", "What is in {path}?", "Please read {path}.",
          "Look into the file {path}.", "Show me the contents of {path}.", "Can you read {path} for me?", "Print the file {path}."],
         ["{content}", "{content}\n{content2}"], ["The file {path} says: {content}", "I have read {path}. It begins with: {content}"],
         list(zip(NOT_THERE * 2, SORRY_PATH))),
    Tool("write_file", "Write text to a file", {"path": path, "content": content},
         ["Write \"{content}\" to {path}.", "Write \"{content}\" to the file {path}.", "Put \"{content}\" into {path}.",
          "Create the file {path} with the text \"{content}\".", "Save \"{content}\" in {path}."],
         ["ok", "written", "File written."], ["I have written the text to {path}.", "Done. The file {path} now says: {content}"],
         [("Error: permission denied", "I may not write to {path}.")]),
    Tool("list_dir", "List the files of a folder", {"path": folder},
         ["List the folder {path}.", "List the files in {path}.", "What is in the folder {path}?", "Which files are in {path}?",
          "Show me the folder {path}.", "List the directory {path}."],
         ["{file}\n{file2}", "{file}"], ["The folder {path} holds {file}.", "In {path} I found {file}."],
         [("Error: no such directory", "There is no folder {path}.")]),
    Tool("run_command", "Run a shell command", {"command": command},
         ["Run `{command}`.", "Run {command}.", "Run the command {command}.", "Execute `{command}`.", "Please run `{command}`.",
          "Start {command} in the shell."],
         ["ok", "exit code 0", "{content}\nexit code 0"], ["The command `{command}` has run without an error.", "Done: `{command}` ended with 0."],
         [("sh: command not found", "The program for `{command}` is not installed."),
          ("exit code 1", "The command `{command}` failed with exit code 1.")]),
    Tool("search", "Search for text", {"query": words},
         ["Search for {query}.", "Search for \"{query}\".", "Find {query}.", "Look for \"{query}\".", "Where is {query} mentioned?",
          "Find all places with \"{query}\"."],
         ["{file}:{number}", "{file}:{number}\n{file2}:{number}"], ["I found {query} in {file}.", "The text {query} stands in {file} on line {number}."],
         [("no results", "I found nothing about {query}.")]),
    Tool("get_weather", "Get the weather of a city", {"city": city},
         ["What is the weather in {city}?", "How is the weather in {city}?", "Is it raining in {city}?", "Get the weather for {city}.",
          "Tell me the weather in {city}.", "What's the weather like in {city} today?"],
         ["{number} degrees, cloudy", "sunny, {number} degrees", "rain, {number} degrees"],
         ["It is {number} degrees in {city}.", "In {city} it is {number} degrees."], [("Error: unknown city", "I do not know the city {city}.")]),
    Tool("get_time", "Get the time in a city", {"city": city},
         ["What time is it in {city}?", "Tell me the time in {city}.", "How late is it in {city}?"],
         ["{number}:00"], ["In {city} it is {number}:00."]),
    Tool("send_message", "Send a message to a person", {"to": name, "text": content},
         ["Send \"{text}\" to {to}.", "Tell {to}: \"{text}\".", "Write a message to {to}: \"{text}\".", "Send {to} the message \"{text}\"."],
         ["sent", "ok"], ["I have sent the message to {to}."], [("Error: unknown person", "I do not know {to}.")]),
    Tool("add", "Add two numbers", {"a": integer, "b": integer},
         ["What is {a} plus {b}?", "Add {a} and {b}.", "How much is {a} + {b}?"], ["{sum}"], ["The sum of {a} and {b} is {sum}."]),
    Tool("delete_file", "Delete a file", {"path": path},
         ["Delete {path}.", "Delete the file {path}.", "Remove {path}.", "Please remove the file {path}."],
         ["deleted", "ok"], ["I have deleted {path}.", "The file {path} is gone."], list(zip(NOT_THERE, SORRY_PATH))),
    Tool("fetch_url", "Fetch a web page", {"url": lambda r: f"http://{invented(r)}.example/{invented(r)}"},
         ["Fetch {url}.", "Open the page {url}.", "What does {url} say?", "Get {url}."],
         ["{content}"], ["The page says: {content}"], [("status 404", "There is no page at {url}.")]),
    Tool("cancel_run", "Cancel a run of the engine", {"id": lambda r: f"run_{integer(r)}"},
         ["Cancel the run {id}.", "Cancel {id}.", "Stop {id}.", "Please stop the run {id}."],
         ["cancelled", "state: stopping"], ["The run {id} is cancelled."], [("unknown", "There is no run {id}.")]),
    Tool("get_status", "Get the state of a job", {"job": lambda r: f"{invented(r)}"},
         ["What is the state of the job {job}?", "Is the job {job} done?", "Look after the job {job}."],
         ["done", "failed", "running"], ["I have looked after the job {job}."]),
    Tool("edit_file", "Replace text in a file", {"path": path, "old": invented, "new": invented},
         ["Replace {old} by {new} in {path}.", "In {path}, change {old} to {new}.", "Change {old} to {new} in {path}."],
         ["ok", "1 replacement"], ["I have changed {old} to {new} in {path}."], [("Error: text not found", "The text {old} is not in {path}.")]),
    Tool("set_timer", "Set a timer", {"minutes": integer},
         ["Set a timer for {minutes} minutes.", "Wake me in {minutes} minutes.", "Start a timer of {minutes} minutes."],
         ["ok"], ["The timer is set to {minutes} minutes."]),
]


VERBS = ["get", "open", "close", "start", "stop", "create", "delete", "update", "show", "check", "lock", "print", "copy", "load", "test"]
NOUNS = ["ticket", "user", "order", "service", "branch", "invoice", "page", "task", "note", "server", "device", "account", "project",
         "model", "lamp", "door", "table", "image", "song", "contact", "event", "issue", "table", "stock", "book"]
KEYS = ["id", "name", "title", "key", "label", "value", "code"]


def invented_tool(r: Random) -> Tool:
    """A tool that no other text knows: what is offered must be read, not remembered."""
    verb, noun, key = r.choice(VERBS), (r.choice(NOUNS) if r.random() < 0.7 else invented(r)), r.choice(KEYS)
    make = integer if key in ("id", "code") and r.random() < 0.5 else invented
    title = verb.capitalize()
    return Tool(f"{verb}_{noun}", f"{title} a {noun}", {key: make},
                [f"{title} the {noun} {{{key}}}.", f"Please {verb} the {noun} {{{key}}}.", f"{title} {noun} {{{key}}}.",
                 f"Can you {verb} the {noun} {{{key}}}?"],
                ["ok", "done", "{content}"], [f"The {noun} {{{key}}} is done.", f"I have done that with the {noun} {{{key}}}."],
                [("Error: not found", f"There is no {noun} {{{key}}}.")])
