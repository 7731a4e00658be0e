"""The demo's report: one JSON for programs, one page for people."""

from __future__ import annotations

import html
import json
import os
from pathlib import Path
from typing import Any

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>fluorosam demo</title>
<style>
 body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 66rem; padding: 0 1rem;
        background: #f6f7f9; color: #1b2430; }}
 h1 {{ margin-bottom: .2rem }} .lead {{ color: #51606f; margin-top: 0 }}
 article {{ background: #fff; border: 1px solid #dde3ea; border-left: 6px solid #2a9d63; border-radius: 8px;
           padding: 1rem 1.2rem; margin: 1rem 0; display: grid; grid-template-columns: 1fr 18rem; gap: 1.2rem }}
 article.failed {{ border-left-color: #c8372d }}
 h2 {{ margin: 0; font-size: 1.15rem }} blockquote {{ margin: .5rem 0; color: #2c3a48; font-style: italic }}
 img {{ width: 100%; border-radius: 4px; background: #000 }}
 dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .5rem 0 0 }}
 dt {{ color: #51606f }} dd {{ margin: 0; font-variant-numeric: tabular-nums }}
 @media (max-width: 44rem) {{ article {{ grid-template-columns: 1fr }} }}
</style></head><body>
<h1>{verdict}</h1>
<p class="lead">{lead}</p>
{steps}
</body></html>
"""

_STEP = """<article class="{state}"><div><h2>{title}</h2>
<blockquote>{reply}</blockquote>
<dl>{facts}</dl></div>
<div>{picture}</div></article>"""


def write_report(folder: Path, steps: list[dict[str, Any]], lead: str) -> bool:
    """Writes report.json and report.html, each whole or not at all; returns whether every step is ok.

    A step has `prompt`, `ok`, `seconds`, `reply` and what was measured; `title`, `picture` (file name) and `check`
    are for the page alone.
    """
    ok = bool(steps) and all(step["ok"] for step in steps)
    public = [{k: v for k, v in step.items() if k not in ("title", "picture", "check")} for step in steps]
    _replace(folder / "report.json", json.dumps({"steps": public, "ok": ok}, indent=2) + "\n")
    articles = "\n".join(_article(step) for step in steps)
    verdict = "The main job works." if ok else "The main job does not work here."
    _replace(folder / "report.html", _PAGE.format(verdict=verdict, lead=html.escape(lead), steps=articles))
    return ok


def _article(step: dict[str, Any]) -> str:
    facts = [("Checked", step["check"]), ("Time", f"{step['seconds']:.2f} s")]
    if "dice" in step:
        facts.append(("Dice against the twin's truth", f"{step['dice']:.2f}"))
    if "mm_before" in step:
        facts.append(("Off centre, before → after", f"{step['mm_before']:.0f} → {step['mm_after']:.1f} mm"))
    if "dap_before" in step:
        before, after = step["dap_before"] * 1e6, step["dap_after"] * 1e6
        facts.append(("Dose-area product of a shot", f"{before:.2f} → {after:.2f} µGy·m² ({after / before - 1:+.0%})"))
    if "coverage" in step:
        facts.append(("Structure inside the field", f"{step['coverage']:.0%}"))
    picture = f'<img src="{html.escape(step["picture"])}" alt="">' if step.get("picture") else ""
    return _STEP.format(
        state="done" if step["ok"] else "failed",
        title=html.escape(step["title"]),
        reply=html.escape(step["reply"]),
        facts="".join(f"<dt>{html.escape(k)}</dt><dd>{html.escape(v)}</dd>" for k, v in facts),
        picture=picture,
    )


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
