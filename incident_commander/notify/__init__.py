"""Telling people through the channels that are configured; never claiming a delivery that did not happen."""

from .apprise_notifier import AppriseNotifier, BadChannel
from .slack import BadSlack, Slack, SlackOverHttps, SlackRefused

__all__ = ["AppriseNotifier", "BadChannel", "BadSlack", "Slack", "SlackOverHttps", "SlackRefused"]
