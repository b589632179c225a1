"""Takes the picture in docs/dashboard.md of the program in front of its own engine.

    .venv/bin/python Integration/dashboard/picture.py .build/release/loopguard docs/dashboard.png

The file that is kept has been reduced to 256 colours afterwards.
"""

import sys
import time

from conftest import Page, chromium, emulate
from loopguard_process import Loopguard
from test_program import Generation, row


def until(condition):
    while not condition():
        time.sleep(0.02)


def main(binary, picture):
    with Loopguard(binary) as program:
        driver = chromium("--hide-scrollbars", "--disable-lcd-text")
        try:
            emulate(driver, width=1240, height=1120)
            looped = Generation(program, temperature=0, ignore_eos=False, max_tokens=1900)
            looped.end()
            Generation(program, max_tokens=60, seed=5).end()
            stopped = Generation(program, seed=6, max_tokens=4096)
            until(lambda: len(stopped.events) > 80)
            program.request("POST", f"/v1/runs/{stopped.id}/stop", {"source": "cli"})
            stopped.end()
            until(lambda: len(program.get("/v1/stats")["series"]["tokens"]) > 2)
            page = Page(driver, program.url).open()
            root = Generation(program, seed=2)
            children = [Generation(program, parent=root, seed=3 + number) for number in range(2)]
            Generation(program, parent=children[0], seed=7)
            page.one(f'#ended [data-run="{looped.id}"] .toggle').click()
            page.until(lambda: len(page.all(".detail .text mark")) > 5)
            page.script("document.querySelector('.detail .text').style.maxHeight = '9.5rem'; document.activeElement.blur()")
            page.until(lambda: all(len(tail.text) > 60 for tail in page.all("#live .tail-text")))
            page.until(lambda: page.text(".card-throughput .big") not in ("0", "–"), "the first ten seconds are not over")
            assert page.one(row(root))
            driver.save_screenshot(picture)
            program.request("POST", "/v1/runs/cancel", {"all": True})
        finally:
            driver.quit()


if __name__ == "__main__":
    main(*sys.argv[1:])
