"""The page for people who see little, hear the page read aloud, or have only a keyboard.

The rules are axe-core's. That they bite is shown on mistakes made on purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser.test_page import (  # noqa: F401  (fixtures)
    Use,
    click,
    daemon,
    play,
    port,
    unfold,
    visit,
)
from fakes.browser import Page
from fakes.requirements import unavailable

AXE = Path(__file__).parents[2] / ".cache/browser/node_modules/axe-core/axe.min.js"
RUN = (
    "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    ".then(all => all.violations.map(one => [one.id, one.nodes.map(node => node.html)]))"
)
FOCUSABLE = (
    "[...document.querySelectorAll('a[href], button, input, select, textarea, summary,"
    ' [tabindex="0"]\')].filter(e => e.checkVisibility() && !e.disabled).length'
)
MISTAKES = {
    "select-name": "document.querySelector('label:has(#voice)').replaceWith(voice)",
    "label": "document.querySelector('label[for=volume]').removeAttribute('for')",
    "button-name": "document.getElementById('stop').replaceChildren()",
    "color-contrast": "document.querySelector('#reading-card .help').style.color = '#d0d0d0'",
    "html-has-lang": "document.documentElement.removeAttribute('lang')",
    "aria-valid-attr-value": "token.closest('main').setAttribute('aria-live', 'loudly')",
    "nested-interactive": "play.append(document.createElement('button'))",
}


async def violations(page: Page) -> list[list[Any]]:
    if not AXE.is_file():
        unavailable("axe-core is missing: scripts/browser-parts fetches it")
    await page.evaluate(f"{AXE.read_text(encoding='utf-8')}; 0")
    found: list[list[Any]] = await page.evaluate(RUN)
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(
    visit: Callable[[Use[None]], None],  # noqa: F811
    theme: str,
) -> None:
    async def use(page: Page) -> None:
        await page.choose_theme(theme)
        assert await violations(page) == []
        await play(page)
        await click(page, "say")
        await page.until("document.querySelector('#queue .finished')")
        await unfold(page)
        await click(page, "examine")
        await page.until("document.querySelectorAll('#findings li').length > 5")
        await page.evaluate("document.querySelector('.word').click()")
        await click(page, "proposal-save")
        await page.until("document.querySelector('#undo button')")
        assert await violations(page) == []
        await page.resize(320)
        assert await violations(page) == []
        await click(page, "language")
        await click(page, "leave")
        await page.until("!document.getElementById('token-card').hidden")
        assert await violations(page) == []

    visit(use)


@pytest.mark.parametrize("rule", MISTAKES)
def test_a_mistake_is_noticed(
    visit: Callable[[Use[None]], None],  # noqa: F811
    rule: str,
) -> None:
    async def use(page: Page) -> None:
        await page.evaluate(f"{MISTAKES[rule]}; 0")
        assert rule in [name for name, _ in await violations(page)]

    visit(use)


def test_a_keyboard_reaches_everything_and_sees_where_it_is(
    visit: Callable[[Use[None]], None],  # noqa: F811
) -> None:
    async def use(page: Page) -> None:
        await play(page)
        await unfold(page)
        await page.evaluate("document.activeElement.blur(); window.seen = new Set(); 0")
        wanted = await page.evaluate(FOCUSABLE)
        for _ in range(wanted + 20):
            await page.press("Tab")
            outline = await page.evaluate(
                "(seen.add(document.activeElement),"
                " getComputedStyle(document.activeElement).outlineStyle)"
            )
            is_page = await page.evaluate("document.activeElement === document.body")
            assert is_page or outline != "none", await page.evaluate(
                "document.activeElement.outerHTML"
            )
        reached = await page.evaluate("seen.delete(document.body), seen.size")
        assert reached == wanted

    visit(use)


def test_a_keyboard_alone_speaks_corrects_and_comes_back(
    visit: Callable[[Use[None]], None],  # noqa: F811
) -> None:
    async def use(page: Page) -> None:
        await page.evaluate("document.getElementById('say').focus()")
        await page.press("Enter")
        await page.until("document.querySelector('#queue .finished')")
        await page.evaluate("document.querySelector('.word').focus()")
        await page.press(" ")
        assert await page.evaluate("document.activeElement.id") == "proposal-reading"
        await page.press("Escape")
        assert await page.evaluate("document.activeElement.className") == "word"

    visit(use)
