"""How much a sender may send. Far above what real rules produce, and low enough that one post cannot stall the rest."""

from datetime import UTC, datetime, timedelta

MAX_BODY_BYTES = 4 * 1024 * 1024
"""A thousand alerts of four kilobytes; more JSON than that would hold up the event loop while it is read."""

MAX_ALERTS = 1000
"""In one post. Prometheus sends at most 256 at a time; Alertmanager's `max_alerts` sets it for a webhook."""

MAX_LABELS = 200
"""Of one alert. Prometheus rules carry about ten; a label set this large is a mistake in the sender."""

MAX_ANNOTATIONS = 200
"""Of one alert, for the same reason."""

MAX_NAME_CHARACTERS = 512
"""Of a label's or annotation's name."""

MAX_LABEL_CHARACTERS = 4096
"""Of a label's value: labels are identity and are indexed."""

MAX_TEXT_CHARACTERS = 32_768
"""Of an annotation or a URL: a runbook excerpt fits, a log file does not."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""An alert that began before is a clock that was never set."""

MAX_AHEAD = timedelta(days=1)
"""How far a sender's clock may run ahead of ours before its `startsAt` is taken for a mistake."""

MAX_EXPIRY = timedelta(days=366)
"""How far ahead an alert may expire; a later `endsAt` would keep a forgotten alert firing for ever."""

MAX_MESSAGE_CHARACTERS = 262_144
"""Of what SNS delivers: its own limit is 256 KB."""

MAX_URL_CHARACTERS = 2048
"""Of an address that an envelope names."""

MAX_ENVELOPE_AGE = timedelta(hours=1)
"""How long ago an SNS message may have been published: SNS gives a delivery up after an hour at the most."""

MAX_ENVELOPE_AHEAD = timedelta(minutes=5)
"""How far the clock of SNS may run ahead of ours."""
