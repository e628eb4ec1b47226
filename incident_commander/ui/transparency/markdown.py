"""Markdown as HTML that cannot act: raw HTML, links and images in it stay text."""

from markdown_it import MarkdownIt

_RENDERER = (
    MarkdownIt("commonmark", {"html": False}).enable("table").disable(["link", "image", "autolink", "html_inline"])
)


def as_html(markdown: str) -> str:
    """The document as HTML made of headings, paragraphs, lists, tables, emphasis and code, and nothing else.

    Its first heading becomes the third level, below the page's own.
    """
    tokens = _RENDERER.parse(markdown.replace("- [ ] ", "- \u2610 "))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
    return str(_RENDERER.renderer.render(tokens, _RENDERER.options, {}))
