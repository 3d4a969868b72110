# SPDX-License-Identifier: Apache-2.0
"""Opens pages of 'zoa report' in headless Chromium: check_pages.py PROGRAM.

Made-up records of sixteen methods become a page. It must hold what it should, run no script but its
own, write nothing to the console, fetch nothing, be dark for readers who like it dark, sort, hide
lines and fit a phone. Ends with 77 (skipped) where there is no Chromium.
"""

import base64
import hashlib
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from made_records import made_run

SKIPPED = 77
METHODS = ["noadapt", "zoa", *[f"rival{i}" for i in range(14)]]
BEST = "rival13"  # number 15 of the page's lines
# What the browser asks for on its own account, whatever it is told.
BROWSER_HOSTS = {"accounts.google.com", "update.googleapis.com", "clients2.google.com"}
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--enable-logging=stderr",
]
# Appended to a copy of the page without its Content-Security-Policy; the answer lies in the DOM.
PROBE = """<script>
const shown=q=>getComputedStyle(document.querySelector(q)).display!=='none';
const first=()=>document.querySelector('table.methods tbody th').textContent;
const box=document.querySelector('.keys input.t15');
const probe={background:getComputedStyle(document.body).backgroundColor,before:first(),
  resources:performance.getEntriesByType('resource').map(e=>e.name),shown:shown('.l15'),
  wide:document.documentElement.scrollWidth>innerWidth};
box.checked=false;
probe.hidden=!shown('.l15');
document.querySelectorAll('table.methods')[1].querySelectorAll('thead th')[1].click();
probe.sorted=document.querySelectorAll('table.methods')[1].querySelector('tbody th').textContent;
document.body.dataset.probe=JSON.stringify(probe);
</script>"""


def browse(browser, page, *flags):
    """The DOM after the scripts, and what the browser said."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [browser, *FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=120,
            check=True,
        )
    return done.stdout, done.stderr


def check(problems, holds, text):
    if not holds:
        problems.append(text)


def check_text(page, problems):
    text = page.read_text()
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    check(problems, f"'sha256-{digest}'" in text, f"the script's hash is sha256-{digest}")
    outside = re.search(r"""(src|href)\s*=|url\(|@import|https?:""", text)
    check(problems, outside is None, f"refers to something outside: {outside}")


def check_page(browser, page, folder, problems):
    log = folder / "net.json"
    dom, said = browse(browser, page, "--dump-dom", f"--log-net-log={log}")
    check(problems, "CONSOLE" not in said, f"the console says:\n{said}")
    check(problems, 'tabindex="0"' in dom, "the script did not run")
    for wanted, least in (("<section", 2), ('class="pareto"', 4), ("<svg", 60), ("<pre>", 32)):
        check(problems, dom.count(wanted) >= least, f"{dom.count(wanted)} times {wanted}")
    urls = set(re.findall(r'"url":"([^"]+)"', log.read_text()))
    asked = {url for url in urls if url.startswith(("http", "ws", "ftp"))}
    outside = {url for url in asked if url.split("/")[2] not in BROWSER_HOSTS}
    check(problems, not outside, f"fetched {outside}")


def probe(browser, page, *flags):
    dom, _ = browse(browser, page, "--dump-dom", *flags)
    return json.loads(html.unescape(re.search(r'data-probe="([^"]*)"', dom).group(1)))


def check_behaviour(browser, page, folder, problems):
    text = re.sub(r"<meta http-equiv[^>]*>", "", page.read_text())
    copy = folder / "probe.html"
    copy.write_text(text.replace("</body>", PROBE + "</body>"))
    dark, light = (
        probe(
            browser,
            copy,
            f"--blink-settings=preferredColorScheme={scheme}",
            "--window-size=1200,800",
        )
        for scheme in (0, 1)
    )
    check(problems, sum(map(int, re.findall(r"\d+", dark["background"]))) < 150, f"dark: {dark}")
    check(problems, sum(map(int, re.findall(r"\d+", light["background"]))) > 600, f"light: {light}")
    check(problems, light["resources"] == [], f"fetched {light['resources']}")
    check(problems, light["shown"] and light["hidden"], f"box of a line: {light}")
    check(problems, light["before"] == "noadapt" and light["sorted"] == BEST, f"order: {light}")
    phone = probe(browser, copy, "--window-size=500,900")
    check(problems, not phone["wide"], "wider than a phone")


def main():
    program = sys.argv[1]
    browser = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if browser is None:
        print("skipped: no chromium here")
        return SKIPPED
    problems = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bonus = {name: number + 12 * (name == BEST) for number, name in enumerate(METHODS)}
        runs = [made_run(bonus, bits, seed) for bits in ("w8a8", "w6a6") for seed in (1, 2)]
        (folder / "run.jsonl").write_text("".join(runs))
        page = folder / "page.html"
        subprocess.run([program, "report", folder / "run.jsonl", "-o", page], check=True)
        check_text(page, problems)
        check_page(browser, page, folder, problems)
        check_behaviour(browser, page, folder, problems)
    for problem in problems:
        print(f"page: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
