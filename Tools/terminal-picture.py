#!/usr/bin/env python3
"""Draws what a command printed as an SVG that looks like a terminal: terminal-picture.py 'COMMAND' < OUTPUT > PICTURE.svg"""

import sys
from html import escape

WIDTH, LINE, CHARACTER, MARGIN, TITLE = 96, 18, 8.05, 18, 34
COLOURS = {"──": "#7dcfff", "  finish reason": "#e0af68", "  ended by": "#f7768e", "  the engine     ": "#9ece6a", "    ": "#bb9af7"}

# Two spaces that no renderer makes one of.
SPACES = "\u00a0\u00a0"


def colour(line):
    return next((shade for start, shade in COLOURS.items() if line.startswith(start)), "#c0caf5")


lines = [("$ " + sys.argv[1], "#9ece6a")] + [(line.rstrip()[:WIDTH], colour(line)) for line in sys.stdin]
while not lines[-1][0]:
    lines.pop()
width, height = round(WIDTH * CHARACTER + 2 * MARGIN), TITLE + len(lines) * LINE + MARGIN
print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">')
print(f"<title>The output of {escape(sys.argv[1])}</title>")
print(f'<rect width="{width}" height="{height}" rx="8" fill="#1a1b26"/>')
for number, shade in enumerate(("#f7768e", "#e0af68", "#9ece6a")):
    print(f'<circle cx="{20 + 20 * number}" cy="17" r="6" fill="{shade}"/>')
print('<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13">')
for number, (line, shade) in enumerate(lines):
    print(f'<text x="{MARGIN}" y="{TITLE + (number + 1) * LINE - 4}" fill="{shade}">{escape(line.replace("  ", SPACES))}</text>')
print("</g></svg>")
