"""Log lines to templates: one configuration for logs of any kind."""

from .mining import Mined, Template, Templates, mine_templates

__all__ = ["Mined", "Template", "Templates", "mine_templates"]
